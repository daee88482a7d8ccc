"""The workloads W1 to W7: each module has `workloads(quick) -> list[Workload]`."""
