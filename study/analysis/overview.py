"""All that is reckoned of a run, each number once: what pages, tables and sentences ask."""

from __future__ import annotations

from functools import cached_property
from typing import Any

import pandas as pd

from study.analysis import (
    agreement,
    claims,
    fits,
    held_out,
    importance,
    own_units,
    population,
    sources,
    spread,
    stability,
    training,
    variable_tests,
)
from study.analysis.claims import level_of_claim
from study.analysis.kept import kept
from study.analysis.results import Results
from study.analysis.selection import foremost_models, listed_items
from study.common.conditions import REAL
from study.common.vocabulary import LEAST_SQUARES
from study.recipes.claim import Claim
from study.statistics.stability import Consensus


class Overview:
    """The numbers of a run, reckoned when they are first asked for and kept with the overview.

    Each method is explained by the function of study.analysis that it hands the results to.
    `results` holds what is stored. Levels are those of `study.common.methods.LEVELS`.
    """

    def __init__(self, results: Results) -> None:
        self.results = results

    # -- which models --------------------------------------------------------------------------
    @cached_property
    def foremost_models(self) -> list[str]:
        return foremost_models(self.results, self.held_out)

    def of_foremost(self, frame: pd.DataFrame) -> pd.DataFrame:
        """The rows on the foremost models, and least squares: those that are drawn and laid out.

        frame : by model, or by pairs of models
        """
        if frame.empty or len(self.foremost_models) == len(self.results.models):
            return frame
        columns = ["model"] if "model" in frame else ["first", "second"]
        shown = [*self.foremost_models, LEAST_SQUARES]
        return frame[frame[columns].isin(shown).all(axis=1)]

    # -- fit -----------------------------------------------------------------------------------
    @cached_property
    def fit_quality(self) -> pd.DataFrame:
        return fits.fit_quality(self.results)

    @cached_property
    def learning(self) -> pd.DataFrame:
        return fits.learning(self.results)

    @cached_property
    def learned(self) -> Overview | None:
        """The overview of the seeds that have learned; None where no fit is known."""
        if not fits.has_fits(self.results):
            return None
        return Overview(fits.learned_only(self.results, self.learning))

    @cached_property
    def held_out(self) -> pd.DataFrame:
        return held_out.held_out(self.results)

    # -- claims --------------------------------------------------------------------------------
    @kept
    def population(self, claim: Claim) -> pd.DataFrame:
        return population.population(self.results, claim, self.held_out)

    @kept
    def chance(self, claim: Claim) -> pd.DataFrame:
        return population.chance(self.results, claim, self.held_out)

    @kept
    def proportions(self, claim: Claim) -> pd.DataFrame:
        return claims.proportions(self.results, claim)

    @kept
    def verdicts(self, claim: Claim) -> pd.DataFrame:
        return self._judged(claim, self.proportions(claim))

    @kept
    def own_verdict(self, claim: Claim) -> dict[str, Any] | None:
        met = self.proportions(claim)
        own = met[(met["model"] == claim.model) & (met["method"] == claim.method)]
        return claims.own_row(self._judged(claim, own), claim)

    def _judged(self, claim: Claim, met: pd.DataFrame) -> pd.DataFrame:
        learned = None if self.learned is None else self.learned.results
        return claims.verdicts(self.results, claim, met, learned, self.held_out)

    def own_population(self, claim: Claim) -> dict[str, Any] | None:
        return claims.own_row(self.population(claim), claim)

    def own_chance(self, claim: Claim) -> dict[str, Any] | None:
        return claims.own_row(self.chance(claim), claim)

    @cached_property
    def declared(self) -> pd.DataFrame:
        own = [
            {
                "population": self.own_population(claim),
                "chance": self.own_chance(claim),
                "seeds": self.own_verdict(claim),
            }
            for claim in claims.declared_claims(self.results)
        ]
        return claims.declared(self.results, own)

    @kept
    def growth(self, claim: Claim) -> pd.DataFrame:
        return claims.growth(self.results, claim)

    @kept
    def spread(self, claim: Claim) -> pd.DataFrame:
        return spread.spread(self.results, claim)

    @kept
    def distinct_checks(self, claim: Claim) -> pd.DataFrame:
        return claims.distinct_checks(self.results, claim, self.verdicts(claim))

    @kept
    def population_ranks(self, level: str) -> pd.DataFrame:
        return population.population_ranks(self.results, level, self.listed_items(level))

    @kept
    def variable_tests(self, level: str) -> pd.DataFrame:
        listed = self.listed_items(level)
        return variable_tests.variable_tests(self.results, level, listed)

    @cached_property
    def sources(self) -> pd.DataFrame:
        return sources.sources(self.results)

    # -- importance ----------------------------------------------------------------------------
    @kept
    def listed_items(self, level: str) -> list[int]:
        return listed_items(self.results, level)

    @kept
    def importance(self, level: str) -> pd.DataFrame:
        return importance.importance(self.results, level, self.listed_items(level))

    @kept
    def claimed_importance(self, level: str) -> pd.DataFrame:
        items, name = self.results.items(level), self.results.recipe.claim.name
        place = [place for place in self.listed_items(level) if items[place] == name]
        return importance.importance(
            self.results, level, place, [REAL], self.results.recipe.claim.for_class
        )

    @cached_property
    def own_units(self) -> pd.DataFrame:
        claim = self.results.recipe.claim
        listed = self.listed_items(level_of_claim(self.results.recipe, claim, claim.method))
        return own_units.own_units(self.results, claim, listed)

    @kept
    def class_importance(self, level: str) -> pd.DataFrame:
        return importance.class_importance(self.results, level, self.listed_items(level))

    @kept
    def model_differences(self, level: str) -> pd.DataFrame:
        items = self.listed_items(level)
        return importance.model_differences(self.results, level, items, self.foremost_models)

    @kept
    def method_differences(self, level: str) -> pd.DataFrame:
        return importance.method_differences(self.results, level, self.listed_items(level))

    # -- agreement -----------------------------------------------------------------------------
    @kept
    def method_agreement(self, level: str) -> pd.DataFrame:
        return agreement.method_agreement(self.results, level)

    @kept
    def model_agreement(self, level: str) -> pd.DataFrame:
        return agreement.model_agreement(self.results, level, self.foremost_models)

    @kept
    def seed_agreement(self, level: str) -> pd.DataFrame:
        return agreement.seed_agreement(self.results, level)

    @kept
    def seed_correlation(self, level: str) -> pd.DataFrame:
        return agreement.seed_correlation(self.results, level)

    @kept
    def seed_concordance(self, level: str) -> pd.DataFrame:
        return agreement.seed_concordance(self.results, level)

    # -- stability -----------------------------------------------------------------------------
    @kept
    def rank_frequencies(self, level: str) -> pd.DataFrame:
        return stability.rank_frequencies(self.results, level, self.listed_items(level))

    @kept
    def flip_rates(self, level: str) -> pd.DataFrame:
        return stability.flip_rates(self.results, level, self.listed_items(level))

    @kept
    def steadiness(self, level: str) -> pd.DataFrame:
        flipped = self.flip_rates(level)
        return stability.steadiness(self.results, level, self.listed_items(level), flipped)

    @kept
    def top_stability(self, level: str) -> pd.DataFrame:
        return stability.top_stability(self.results, level)

    @kept
    def rank_sets(self, level: str) -> pd.DataFrame:
        return stability.rank_sets(self.results, level, self.listed_items(level))

    @kept
    def _votes(self, level: str) -> stability.Votes:
        return stability.votes(self.results, level)

    @kept
    def consensus_order(self, level: str) -> Consensus | None:
        return stability.consensus_order(self._votes(level))

    @kept
    def dissent(self, level: str) -> pd.DataFrame:
        order = self.consensus_order(level)
        return stability.dissent(order, self._votes(level), self.results.items(level))

    @kept
    def reliability(self, level: str) -> pd.DataFrame:
        return stability.reliability(self.results, level)

    # -- training ------------------------------------------------------------------------------
    @cached_property
    def seed_paths(self) -> pd.DataFrame:
        return training.seed_paths(self.results)

    @cached_property
    def paths(self) -> pd.DataFrame:
        return training.paths(self.seed_paths)

    @cached_property
    def seed_losses(self) -> pd.DataFrame:
        return training.seed_losses(self.results)

    @cached_property
    def losses(self) -> pd.DataFrame:
        return training.losses(self.seed_losses, self.results)
