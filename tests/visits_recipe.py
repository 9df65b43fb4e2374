"""A recipe of visits whose rows are in groups, under a name that must be escaped everywhere."""

NAME = "pa<b>t_%&"
RECIPE = """
title = "Visits"
source = "drawn"
patience = 3
groups = "pa<b>t_%&"

[table]
file = "visits.csv"

[split]
test = 0.25
random_state = 0

[[variables]]
name = "dose"
type = "numeric"

[[variables]]
name = "age"
type = "numeric"

[target]
name = "y"
tolerance = 0.1

[claim]
level = "variable"
name = "dose"
rank = 1
proportion = 0.8
model = "linear"
method = "permutation-grouped"

[permutation]
repeats = 2
"""
