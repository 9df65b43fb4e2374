"""Networks computed for many seeds at once: one seed in each SIMD lane.

Every number of a network becomes a vector of as many floats as there are lanes, and the
matrices, too small to keep a general library busy, stay in registers and the nearest cache.
"""
