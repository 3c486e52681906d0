"""Benchmarks: our engine beside what else could do the work, in one run. `python3 run bench`."""
