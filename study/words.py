"""The closed vocabularies of the study."""

CONDITIONS = ("real", "shuffled", "untrained")

TRAINING_GRADIENT = "training-gradient"
GRADIENT_METHODS = (TRAINING_GRADIENT, "gradient", "contrast-gradient", "scaled-gradient")
PERMUTATION = "permutation"
GROUPED_PERMUTATION = "permutation-grouped"
METHODS = (*GRADIENT_METHODS, PERMUTATION, GROUPED_PERMUTATION)

# Methods with a score for every feature, and for every variable (sums over a one-hot group).
METHODS_OF_LEVEL = {
    "feature": (*GRADIENT_METHODS, PERMUTATION),
    "variable": (*GRADIENT_METHODS, GROUPED_PERMUTATION),
}

# The closed-form fit, which stands in the results as a model without seeds.
LEAST_SQUARES = "least-squares"
LEAST_SQUARES_TITLE = "Least squares"
