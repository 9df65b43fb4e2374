"""All that is reckoned of two runs side by side, each number once."""

from functools import cached_property

import pandas as pd

from study.analysis.kept import kept
from study.analysis.overview import Overview
from study.analysis.results import Results
from study.analysis.selection import MOST_MODELS, by_claim_and_fit
from study.compare import changes, frames
from study.recipes.claim import Claim


class Comparison:
    """Two runs and their differences, reckoned when they are first asked for.

    Each is explained by the function of study.compare that it comes from; differences are the
    second run less the first.
    """

    def __init__(self, first: Results, second: Results) -> None:
        self.first = first
        self.results = (first, second)
        self.overviews = (Overview(first), Overview(second))

    @cached_property
    def foremost_models(self) -> list[str]:
        """The models of both runs, in the order of the first; of more than MOST_MODELS those that
        its report would draw."""
        first, second = self.results
        ordered = by_claim_and_fit(first, self.overviews[0].held_out)
        chosen = [model for model in ordered if model in second.models][:MOST_MODELS]
        return [model for model in first.models if model in chosen]

    @cached_property
    def more_models(self) -> list[str]:
        """The other models of both runs, in the order of the first."""
        first, second = self.results
        known = [model for model in first.models if model in second.models]
        return [model for model in known if model not in self.foremost_models]

    def of_foremost(self, frame: pd.DataFrame) -> pd.DataFrame:
        """The rows on the foremost models, and least squares: those that are drawn and laid out."""
        if frame.empty or not self.more_models:
            return frame
        return frame[~frame["model"].isin(self.more_models)]

    @cached_property
    def changes(self) -> pd.DataFrame:
        return changes.changes(*self.results)

    @cached_property
    def fit_differences(self) -> pd.DataFrame:
        return frames.fit_differences(*self.results)

    @kept
    def share_differences(self, level: str) -> pd.DataFrame:
        return frames.share_differences(*self.results, level)

    @kept
    def order_agreement(self, level: str) -> pd.DataFrame:
        return frames.order_agreement(*self.results, level)

    @cached_property
    def all_identical(self) -> bool:
        return frames.all_identical(*self.results, self.fit_differences)

    @cached_property
    def judged_claims(self) -> tuple[Claim, Claim]:
        return frames.judged_claims(*self.results)

    @cached_property
    def claim_differences(self) -> pd.DataFrame:
        return frames.claim_differences(*self.overviews, self.judged_claims)

    @cached_property
    def own_verdicts(self) -> pd.DataFrame:
        return frames.own_verdicts(*self.overviews)
