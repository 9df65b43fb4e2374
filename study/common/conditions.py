"""The conditions under which a model is trained."""

CONDITIONS = ("real", "shuffled", "untrained")
