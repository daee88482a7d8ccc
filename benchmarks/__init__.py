"""Measurements: the same work by stepgrad and its peers, in one run, their results compared before they are timed."""
