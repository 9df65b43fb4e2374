"""The closed vocabularies of the study."""

CONDITIONS = ("real", "shuffled", "untrained")

# The sources of randomness that --vary can vary alone, by the names of their streams.
SOURCES = ("init", "order", "dropout", "rows")

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

# The closed-form fit, which stands in the results as a model without seeds.
LEAST_SQUARES = "least-squares"
CLOSED_FORM = "closed-form"  # its engine
LEAST_SQUARES_TITLE = "Least squares"


# What `study table` can print.
FORMATS = ("text", "csv", "markdown", "latex", "html")


def printable(text: str) -> str:
    """Text on one line, with control characters, which could steer a terminal, replaced."""
    return "".join("\ufffd" if ord(sign) < 32 or 127 <= ord(sign) < 160 else sign for sign in text)


def ranges(seeds: list[int]) -> str:
    """Seeds as the --seeds option takes them: 0-19,25."""
    runs: list[list[int]] = []
    for seed in seeds:
        if runs and seed == runs[-1][-1] + 1:
            runs[-1][1:] = [seed]
        else:
            runs.append([seed])
    return ",".join("-".join(map(str, ends)) for ends in runs)
