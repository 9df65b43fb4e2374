"""Stored scores become the numbers of the report: one row of a frame for each number.

Figures, tables and sentences ask for the same frames, so each is computed once for the last
few results; nobody may change one.
"""
