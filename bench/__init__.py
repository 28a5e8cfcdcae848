"""Measurements beside peers and beside the bare cost of the same work: ``make bench``.

The targets are those of the design; each is a ratio, or a bound, taken within one run, because
rates drift with the neighbours of a machine and ratios hold.  Nothing here asserts a time.
"""
