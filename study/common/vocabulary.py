"""Names that stand in results, recipes and options.

This imports nothing, so that options can be read at once.
"""

# The sources of randomness that --vary can vary alone, by the names of their streams.
SOURCES = ("init", "order", "dropout", "rows")

# The closed-form fit, which stands in the results as a model without seeds.
LEAST_SQUARES = "least-squares"
LEAST_SQUARES_TITLE = "Least squares"
LOGISTIC_REGRESSION_TITLE = "Logistic regression"  # what it is where the target is a class
POISSON_REGRESSION_TITLE = "Poisson regression"  # and where it is a count


# What a run's file calls how many groups the training rows and the test rows, and all, are of.
GROUPS = ("train groups", "test groups")
ALL_GROUPS = "groups"

# The engine of scores that were made elsewhere, and what their models predict if nobody said.
IMPORTED = "imported"
UNNAMED_TARGET = "target"

# What `study table` can print.
FORMATS = ("text", "csv", "markdown", "latex", "html")
