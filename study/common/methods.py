"""The importance methods by name."""

TRAINING_GRADIENT = "training-gradient"
CONTRAST_GRADIENT = "contrast-gradient"
GRADIENT_METHODS = (TRAINING_GRADIENT, "gradient", CONTRAST_GRADIENT, "scaled-gradient")
# Those whose sign says which way predictions move. The sign of a loss's gradient follows the
# residuals instead.
SIGNED_METHODS = GRADIENT_METHODS[1:]
PERMUTATION = "permutation"
GROUPED_PERMUTATION = "permutation-grouped"
METHODS = (*GRADIENT_METHODS, PERMUTATION, GROUPED_PERMUTATION)

# Methods with a score for every feature, and for every variable (sums over a one-hot group).
METHODS_OF_LEVEL = {
    "feature": (*GRADIENT_METHODS, PERMUTATION),
    "variable": (*GRADIENT_METHODS, GROUPED_PERMUTATION),
}
LEVELS = tuple(METHODS_OF_LEVEL)
