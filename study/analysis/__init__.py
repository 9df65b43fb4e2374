"""Stored scores become the numbers of the report: one row of a frame for each number.

Figures, tables and sentences ask an Overview for them, so that each is computed once; nobody
may change one.
"""
