"""Every figure of a run, by name."""

from collections.abc import Callable, Iterable, Iterator
from dataclasses import replace

from study.analysis.overview import Overview
from study.report.figures.agreement import agreement_displays
from study.report.figures.claimed_share import claimed_share
from study.report.figures.claims import claim_by_model, claim_growth, verdict_strip
from study.report.figures.display import Display, Drawings, data_uri
from study.report.figures.every_model import every_model
from study.report.figures.fits import fit, share_against_fit
from study.report.figures.importance import importance_displays
from study.report.figures.population import population_display
from study.report.figures.sources import source_display
from study.report.figures.spread import spread_display
from study.report.figures.stability import flips, rank_frequency, steadiness_map
from study.report.figures.training import training_display
from study.report.tables.cells import models_left_out

__all__ = ["Display", "Drawings", "all_displays", "data_uri", "each_display"]
# Each with the section of the page that it stands in.
_ONE_EACH: tuple[tuple[str, Callable[[Overview], Display | None]], ...] = (
    ("population", population_display),
    ("population", spread_display),
    ("claim", every_model),
    ("claim", verdict_strip),
    ("claim", claim_by_model),
    ("growth", claim_growth),
    ("importance", claimed_share),
    ("fit", fit),
    ("fit", share_against_fit),
    ("training", training_display),
    ("ranks", rank_frequency),
    ("ranks", flips),
    ("ranks", steadiness_map),
    ("sources", source_display),
)
_SEVERAL: tuple[tuple[str, Callable[[Overview], Iterable[Display]]], ...] = (
    ("importance", importance_displays),
    ("agreement", agreement_displays),
)

# They show all models, however many there are.
_OF_ALL_MODELS = (every_model, verdict_strip)


def all_displays(overview: Overview) -> dict[str, Display]:
    """Every figure that the run has something for, by name."""
    return {display.name: display for display in each_display(overview)}


def each_display(overview: Overview) -> Iterator[Display]:
    """Every figure that the run has something for, each as soon as its numbers are reckoned."""
    left_out = models_left_out(overview, "drawn")
    for section, make in _ONE_EACH:
        if (display := make(overview)) is not None:
            told = "" if make in _OF_ALL_MODELS else left_out
            yield replace(display, section=section, reading=display.reading + told)
    for section, make_several in _SEVERAL:
        for display in make_several(overview):
            yield replace(display, section=section, reading=display.reading + left_out)
