"""The closed vocabularies of the study."""

CONDITIONS = ("real", "shuffled", "untrained")

# The sources of randomness that --vary can vary alone, by the names of their streams.
SOURCES = ("init", "order", "dropout", "rows")

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
CLOSED_FORM = "closed-form"  # its engine
LEAST_SQUARES_TITLE = "Least squares"


def printable(text: str) -> str:
    """Text on one line, with control characters, which could steer a terminal, replaced."""
    return "".join("\ufffd" if ord(sign) < 32 or 127 <= ord(sign) < 160 else sign for sign in text)
