"""The conditions under which a model is scored, each declared once: the data, and the controls."""

from dataclasses import dataclass

# Where the labels of training rows come from.
OWN, PERMUTED = "own", "permuted"


@dataclass(frozen=True)
class Condition:
    """A condition.

    name : as results and the command line have it
    labels : where training labels come from, OWN or PERMUTED; None without training
    reading : what it is, for a reader of the page; in_short : the same for a note
    cited : what was done, for a paragraph on methods; empty for the condition that is studied
    where, advice : of a control that shows a claim, where that is, and what to think of it
    colour, marker : how figures show it
    """

    name: str
    labels: str | None
    reading: str
    colour: str
    marker: str
    in_short: str = ""
    cited: str = ""
    where: str = ""
    advice: str = ""

    @property
    def trained(self) -> bool:
        """Whether models are trained in it."""
        return self.labels is not None


REAL, SHUFFLED, UNTRAINED = "real", "shuffled", "untrained"

# In the order in which they are shown; all but the first are controls.
DECLARED = (
    Condition(REAL, OWN, reading="trained on the data", colour="#0072b2", marker="o"),
    Condition(
        SHUFFLED,
        PERMUTED,
        reading="trained on permuted targets, where there is nothing to find",
        in_short="trained on permuted targets: nothing to find",
        cited="on shuffled training targets, where there is nothing to find",
        where="On shuffled targets, where there is nothing to find",
        advice="There the scale or the encoding of the features can bring the finding about by "
        "themselves: look at its margin, and at the permutation test.",
        colour="#d55e00",
        marker="s",
    ),
    Condition(
        UNTRAINED,
        None,
        reading="initial weights",
        in_short="initial weights",
        cited="the untrained networks were scored as well",
        where="In networks before training",
        advice="There the initial weights, or the scale of the features, bring it about by "
        "themselves: look at the shuffled control, too.",
        colour="#777777",
        marker="^",
    ),
)

CONDITIONS = tuple(condition.name for condition in DECLARED)
CONTROLS = CONDITIONS[1:]
TRAINED = tuple(condition.name for condition in DECLARED if condition.trained)


def find_condition(name: str) -> Condition:
    """The condition of a name. Raises KeyError."""
    return _BY_NAME[name]


_BY_NAME = {condition.name: condition for condition in DECLARED}
