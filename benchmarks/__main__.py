"""python -m benchmarks [--quick] [--only W1,W3] [--json FILE] [--plot FILE]: every workload beside the peers.

Numbers are compared first, then timed; the last table says which bars were met, with --quick who agrees. stepgrad's
cache of machine code starts empty, so that what is "ready" includes making it, unless STEPGRAD_CACHE names one. HIPS
autograd cannot be in the same environment: HIPS_PYTHON names the Python of another one that has it (`peers/hips.py`).
The last whole run is kept: `results.md` is what it printed, `results.json` its figures, `results.png` its plot.
"""

import argparse
import importlib
import json
import os
import platform
import sys
import tempfile
from importlib.metadata import PackageNotFoundError, version

from benchmarks.bars import reached
from benchmarks.measure import measure
from benchmarks.plot import plot
from benchmarks.report import agreement, record, table
from benchmarks.summary import summary

MODULES = {
    "W1": "w1_expression",
    "W2": "w2_throughput",
    "W3": "w3_moons",
    "W4": "w4_digits",
    "W5": "w5_gpt",
    "W6": "w6_random_graph",
    "W7": "w7_rosenbrock",
    "SIZE": "cost_against_size",
}
PEERS = ["micrograd", "numpy", "llvmlite", "torch", "jax", "casadi", "scikit-learn"]


def installed() -> dict[str, str]:
    """The versions this run compares."""
    found = {"python": platform.python_version(), "processor": processor()}
    for peer in PEERS:
        try:
            found[peer] = version(peer)
        except PackageNotFoundError:
            found[peer] = "not installed"
    return found


def processor() -> str:
    """By the name that says which instructions it has, "2 x znver3", where LLVM is there to tell; else "2 x x86_64"."""
    try:
        name = importlib.import_module("llvmlite.binding").get_host_cpu_name()
    except ImportError:
        name = platform.machine()
    return f"{os.cpu_count()} x {name}"


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m benchmarks", description=__doc__)
    parser.add_argument("--quick", action="store_true", help="small sizes: whether all agree, not how fast they are")
    parser.add_argument("--only", default=",".join(MODULES), help="workloads, such as W1,W3")
    parser.add_argument("--seconds", type=float, default=4.0, help="time for each contender (default 4)")
    parser.add_argument("--json", help="also write the figures to this file")
    parser.add_argument("--plot", help="also draw cost against size (SIZE) into this file; needs matplotlib")
    arguments = parser.parse_args()
    wanted = arguments.only.upper().split(",")
    unknown = [name for name in wanted if name not in MODULES]
    if unknown:
        parser.error(f"no workload is called {', '.join(unknown)}: choose from {', '.join(MODULES)}")

    versions = installed()
    print("Versions: " + ", ".join(f"{name} {number}" for name, number in versions.items()) + "\n", flush=True)
    records = []
    disagreed = False
    for name in wanted:
        module = importlib.import_module(f"benchmarks.workloads.{MODULES[name]}")
        for workload in module.workloads(arguments.quick):
            workload.contenders = [c for c in workload.contenders if c.quick or not arguments.quick]
            results = measure(workload, 0.05 if arguments.quick else arguments.seconds)
            print(table(workload, results), flush=True)
            records.append(record(workload, results))
            disagreed = disagreed or any("differs" in result.said for result in results)
    print(agreement(records) if arguments.quick else f"{reached(records)}\n{summary(records)}")
    if arguments.json:
        with open(arguments.json, "w") as file:
            json.dump({"versions": versions, "results": records}, file, indent=1)
    if arguments.plot:
        plot(records, arguments.plot)
    return 1 if disagreed else 0


if __name__ == "__main__":
    with tempfile.TemporaryDirectory() as empty:
        os.environ.setdefault("STEPGRAD_CACHE", empty)
        sys.exit(main())
