"""Every figure of a run, by name."""

from collections.abc import Callable, Iterable

from study.analysis.overview import Overview
from study.report.figures.agreement import agreement_displays
from study.report.figures.claimed_share import claimed_share
from study.report.figures.claims import claim_by_model, claim_growth, verdict_strip
from study.report.figures.display import Display, Drawings, data_uri, drawn
from study.report.figures.fits import fit, share_against_fit
from study.report.figures.importance import importance_displays
from study.report.figures.sources import source_display
from study.report.figures.stability import flips, rank_frequency, steadiness_map
from study.report.figures.training import training_display

__all__ = ["Display", "Drawings", "all_displays", "data_uri", "drawn"]
_ONE_EACH: tuple[Callable[[Overview], Display | None], ...] = (
    verdict_strip,
    claim_by_model,
    claim_growth,
    claimed_share,
    fit,
    share_against_fit,
    training_display,
    rank_frequency,
    flips,
    steadiness_map,
    source_display,
)
_SEVERAL: tuple[Callable[[Overview], Iterable[Display]], ...] = (
    importance_displays,
    agreement_displays,
)


def all_displays(overview: Overview) -> dict[str, Display]:
    """Every figure that the run has something for, by name."""
    found = [display for make in _ONE_EACH if (display := make(overview)) is not None]
    found += [display for several in _SEVERAL for display in several(overview)]
    return {display.name: display for display in found}
