"""The layouts of tools, a file for each, which is found by being here.

A file has ABOUT, its rows of the documentation's table; LAYOUTS, of tables with a row for each
score; and `unfold`, where a table has another shape. Each of the latter two may be missing.
"""
