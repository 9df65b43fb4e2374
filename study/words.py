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

LEVELS = tuple(METHODS_OF_LEVEL)

# The closed-form fit, which stands in the results as a model without seeds.
LEAST_SQUARES = "least-squares"
CLOSED_FORM = "closed-form"  # its engine
LEAST_SQUARES_TITLE = "Least squares"


# The engine of scores that were made elsewhere, and what their models predict if nobody said.
IMPORTED = "imported"
UNNAMED_TARGET = "target"

# What `study table` can print.
FORMATS = ("text", "csv", "markdown", "latex", "html")


# Marks, embeddings, overrides and isolates: they turn the order in which signs are shown.
_BIDIRECTIONAL = "\u061c\u200e\u200f\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069"
_CONTROLS = [*range(32), *range(127, 160), *map(ord, _BIDIRECTIONAL), 0x2028, 0x2029]
_REPLACED = dict.fromkeys(_CONTROLS, "\ufffd")


def printable(text: str) -> str:
    """Text on one line, shown in the order in which it is written.

    Control characters, which could steer a terminal, are replaced, and so are bidirectional
    controls, which could make a name or a number read as another.
    """
    return text.translate(_REPLACED)


def ranges(seeds: list[int]) -> str:
    """Seeds as the --seeds option takes them: 0-19,25."""
    runs: list[list[int]] = []
    for seed in seeds:
        if runs and seed == runs[-1][-1] + 1:
            runs[-1][1:] = [seed]
        else:
            runs.append([seed])
    return ",".join("-".join(map(str, ends)) for ends in runs)
