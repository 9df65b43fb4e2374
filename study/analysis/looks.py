"""How often a run was looked at before it had its seeds."""

from study.analysis.results import Results


def extended(results: Results) -> bool:
    """Whether further seeds were asked for after some had been trained, and could be seen.

    As the run's history has it: what goes on with the same seeds, or varies one source, is no
    such extension.
    """
    asked = [
        part
        for words in results.history["asked"]
        for part in words.split("; ")
        if part.startswith("seeds ") and ", varying " not in part
    ]
    return len(set(asked)) > 1
