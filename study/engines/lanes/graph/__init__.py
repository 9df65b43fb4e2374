"""Networks of any kind in lanes: recorded, planned as loops, and written for the kernels."""
