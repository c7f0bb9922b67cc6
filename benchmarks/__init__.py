"""Measured comparisons: contenders are timed in turn within one process, and ratios are quoted rather than times."""
