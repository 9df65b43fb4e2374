"""What is to be said of networks that may have stopped early."""

from study.analysis.results import Results


def through_training(results: Results) -> str:
    """Which networks an epoch's numbers are of, to follow a sentence; nothing where all are."""
    protocols = [recipe.training for recipe in results.models.values() if recipe]
    if any(protocol and protocol.patience for protocol in protocols):
        return " A network that stopped early counts up to the epoch it stopped at."
    return ""
