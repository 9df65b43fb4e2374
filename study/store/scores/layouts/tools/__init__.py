"""The layouts of tools, a file for each, which is found by being here.

A file has ABOUT, its rows of the documentation's table, and at least one of these: LAYOUTS, of
tables with a row for each score; `unfold`, for tables of another shape; `printed`, for text that is
no table.
"""
