"""The figures of the report."""

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from matplotlib.patches import Patch

from study.analysis.agreement import method_agreement, model_agreement, spearman_only
from study.analysis.claims import growth, level_of_claim, proportions, scores_of_claim
from study.analysis.fits import learning, learning_threshold
from study.analysis.sources import ALL, sources
from study.analysis.vectors import all_models
from study.report.style import (
    CONDITION_COLOURS,
    CONDITION_MARKERS,
    EVALUATION_COLOURS,
    LEAST_SQUARES_COLOUR,
    MODEL_COLOURS,
    PUBLISHED,
    SOURCE_COLOURS,
    style,
)
from study.results import Results, Vectors
from study.statistics.agreement import null_deviation
from study.statistics.ranking import shares
from study.words import (
    CONDITIONS,
    GROUPED_PERMUTATION,
    LEAST_SQUARES,
    METHODS,
    METHODS_OF_LEVEL,
)

METHOD_READINGS = {
    "training-gradient": "Gradients of the loss with respect to the inputs, met at even steps "
    "through training.",
    "gradient": "Mean absolute change of the prediction per unit of a feature. Units matter: "
    "a feature divided by a large number gets a large gradient.",
    "contrast-gradient": "The same with the mean over each one-hot group taken off: only "
    "differences within a group can be seen in predictions.",
    "scaled-gradient": "The contrast gradient times the feature's standard deviation: the "
    "units are gone.",
    "permutation": "Drop in R² on the test rows when one column is permuted. Permuting a single "
    "one-hot column makes rows that have no level or two; permutation-grouped does not.",
    "permutation-grouped": "Drop in R² on the test rows when a whole variable is permuted.",
}

SOURCE_LABELS = {
    ALL: "all but the rows",
    "init": "initial weights",
    "order": "order of rows",
    "dropout": "dropout",
    "rows": "sample of rows",
}


@dataclass(frozen=True)
class Picture:
    """A figure with the words that go with it: alternative text, and how to read it."""

    name: str
    alternative: str
    reading: str
    figure: Figure


def all_pictures(results: Results) -> list[Picture]:
    """Every figure of the report, in the order of the page."""
    with style():
        pictures = [
            claimed_share(results),
            fit(results),
            share_against_fit(results),
            *importance_pictures(results),
            claim(results),
            claim_growth(results),
            *agreement_pictures(results),
            source_picture(results),
        ]
        return [picture for picture in pictures if picture is not None]


def claimed_share(results: Results) -> Picture | None:
    """The claimed item's share by method and model, real beside shuffled."""
    name, target = results.recipe.claim.name, results.recipe.target.name
    claim = results.recipe.claim
    by_panel = {
        (condition, method): [
            (model, found[0], found[1].item)
            for model in results.models
            if (found := scores_of_claim(results, claim, model, condition, method))
        ]
        for condition in ("real", "shuffled")
        for method in METHODS
    }
    methods = [method for method in METHODS if by_panel["real", method]]
    if not methods:
        return None
    figure = Figure(figsize=(10, 1.2 + 0.95 * len(methods)), layout="constrained")
    panels = figure.subplots(1, 2, sharex=True, sharey=True)
    for axes, condition in zip(panels, ("real", "shuffled"), strict=True):
        for row, method in enumerate(methods):
            for model, vectors, item in by_panel[condition, method]:
                height = row + _offset(list(results.models).index(model), len(results.models))
                _dots(axes, shares(vectors.score)[:, item], height, _colour(results, model))
        _categories(axes, methods)
        axes.set_xlim(-0.02, 1.02)
        axes.set_xlabel(f"share of {name}")
    panels[0].set_title(f"real {target}")
    panels[1].set_title(f"shuffled {target}: nothing to find")
    handles = [_model_handle(results, model) for model in results.models]
    for row, method in enumerate(methods):
        for index, model in enumerate(results.models):
            if name in (published := results.published(model, method)):
                height = row + _offset(index, len(results.models))
                handles += _diamond(panels[0], [published[name]], [height])
    figure.legend(handles=handles, loc="outside lower center", ncols=len(handles))
    return Picture(
        "claimed-share",
        f"Share of {name} in each seed, by method and model, on real and on shuffled {target}",
        f"Each dot is one seed's share of {name}; the bar is the mean over seeds. On the right "
        f"the {target} of the training rows was shuffled before training: a share that is "
        "large there too says little."
        + _undefined([vectors for rows in by_panel.values() for _, vectors, _ in rows]),
        figure,
    )


def fit(results: Results) -> Picture:
    """R² on training and test rows, each seed a dot."""
    models = all_models(results)
    real = results.fits[results.fits["condition"] == "real"].set_index(["model", "part"])
    figure = Figure(figsize=(10, 1.4 + 0.5 * len(models)), layout="constrained")
    panels = figure.subplots(1, 2, sharey=True, sharex=True)
    for axes, part in zip(panels, ("train", "test"), strict=True):
        for row, model in enumerate(models):
            found = real.loc[(model, part)]
            for evaluation, height in (("alone", row - 0.15), ("together", row + 0.2)):
                values = found[found["evaluation"] == evaluation]["r_squared"].to_numpy()
                _dots(axes, values, height, EVALUATION_COLOURS[evaluation])
        _categories(axes, [results.title(model) for model in models])
        axes.set_title(f"{part} rows")
        axes.set_xlabel("R²")
    lowest = max(real.loc[real["evaluation"] == "alone", "r_squared"].min(), -1) - 0.05
    panels[0].set_xlim(lowest, 1.01)
    for axes, part in zip(panels, ("train", "test"), strict=True):
        for row, model in enumerate(models):
            found = real.loc[(model, part)]
            for evaluation, height in (("alone", row - 0.15), ("together", row + 0.2)):
                values = found[found["evaluation"] == evaluation]["r_squared"].to_numpy()
                _off_scale(axes, values, lowest, height, EVALUATION_COLOURS[evaluation])
    handles = [
        Line2D([], [], ls="", marker="o", color=EVALUATION_COLOURS[evaluation], label=label)
        for evaluation, label in (("alone", "rows one by one"), ("together", "all rows at once"))
    ]
    figure.legend(handles=handles, loc="outside lower center", ncols=2)
    return Picture(
        "fit",
        "R² of each seed on training and test rows, by model",
        "Each dot is one seed; 1 is a perfect fit, 0 is no better than the mean. Where a "
        "network's predictions depend on the batch, evaluating all rows at once gives another "
        "fit. ◀ counts the seeds that lie further left, and gives the mean over all.",
        figure,
    )


def share_against_fit(results: Results) -> Picture | None:
    """The claimed item's share against the fit of the same seed."""
    claim = results.recipe.claim
    fits = learning(results).set_index(["model", "seed"])
    limit = learning_threshold(results)
    found = {
        model: scores
        for model in results.models
        if (scores := scores_of_claim(results, claim, model, "real", claim.method))
    }
    if not found:
        return None
    figure = Figure(figsize=(10, 3.1), layout="constrained")
    panels = figure.subplots(1, len(found), sharex=True, sharey=True, squeeze=False)[0]
    for axes, (model, (vectors, statement)) in zip(panels, found.items(), strict=True):
        r_squared = fits.loc[model].loc[vectors.seeds.array, "r_squared"].to_numpy()
        values = shares(vectors.score)[:, statement.item]
        met = statement.met(vectors.score)
        for chosen, marker in ((met, "o"), (~met, "x")):
            axes.plot(
                np.maximum(r_squared[chosen], 0),
                values[chosen],
                marker,
                ms=5,
                alpha=0.6,
                mew=1 if marker == "x" else 0,
                color=_colour(results, model),
            )
        axes.axvline(limit, color="#000000", lw=0.8, ls="--")
        axes.set_xlim(-0.03, 1.03)
        axes.set_ylim(-0.03, 1.03)
        axes.set_title(results.title(model))
    panels[0].set_ylabel(f"share of {claim.name}")
    figure.supxlabel("training R², rows one by one (below 0 drawn at 0)", fontsize=9)
    handles = [
        Line2D([], [], ls="", marker="o", color="#555555", label="claim met"),
        Line2D([], [], ls="", marker="x", color="#555555", label="not met"),
        Line2D([], [], color="#000000", lw=0.8, ls="--", label="learned from here on"),
    ]
    figure.legend(handles=handles, loc="outside upper center", ncols=3)
    return Picture(
        "seeds",
        f"Share of {claim.name} by {claim.method} against training R², each seed a mark, one panel "
        "for each model",
        f"By {claim.method}. Left of the dashed line a network predicts badly: what it says of "
        f"{claim.name} then tells little of the data, whatever its share.",
        figure,
    )


def importance_pictures(results: Results) -> Iterator[Picture]:
    """For each method, every item's share by model, every seed a dot."""
    for level in ("feature", "variable"):
        for method in METHODS_OF_LEVEL[level]:
            vectors = [
                (model, found)
                for model in all_models(results)
                if (found := results.vectors(model, "real", method, level))
            ]
            # Gradient methods by variable are in the table.
            if vectors and (level == "feature" or method == GROUPED_PERMUTATION):
                yield _importance(results, method, vectors)


def _importance(results: Results, method: str, found: list[tuple[str, Vectors]]) -> Picture:
    items = found[0][1].items
    figure = Figure(figsize=(10, 1.3 + 0.3 * len(items)), layout="constrained")
    panels = figure.subplots(1, len(found), sharex=True, sharey=True, squeeze=False)[0]
    for axes, (model, vectors) in zip(panels, found, strict=True):
        values = shares(vectors.score)
        for row in range(len(items)):
            _dots(axes, values[:, row], row, _colour(results, model))
        _categories(axes, items)
        axes.set_xlim(-0.03, 1.03)
        axes.set_xticks([0, 0.5, 1], ["0", "0.5", "1"])
        axes.set_title(results.title(model))
        published = results.published(model, method)
        if published:
            handles = _diamond(axes, list(published.values()), range(len(items)))
            figure.legend(handles=handles, loc="outside lower right")
    figure.suptitle(method, fontsize=10, fontweight="bold")
    figure.supxlabel("share of the total importance", fontsize=9)
    return Picture(
        f"importance-{method}",
        f"Share of each {'variable' if method == GROUPED_PERMUTATION else 'feature'} "
        f"by {method}, each seed a dot, by model",
        METHOD_READINGS[method] + _undefined([vectors for _, vectors in found]),
        figure,
    )


def claim(results: Results) -> Picture | None:
    """In what proportion of seeds the claim is met, real beside the controls."""
    data = proportions(results, results.recipe.claim)
    models = list(results.models)
    methods = [method for method in METHODS if method in set(data["method"])]
    if not methods:
        return None
    figure = Figure(figsize=(10, 1.5 + 0.45 * len(methods)), layout="constrained")
    panels = figure.subplots(1, len(models), sharex=True, sharey=True, squeeze=False)[0]
    for axes, model in zip(panels, models, strict=True):
        for row in data[data["model"] == model].itertuples():
            place = methods.index(row.method)
            height = place + _offset(CONDITIONS.index(row.condition), len(CONDITIONS))
            colour = CONDITION_COLOURS[row.condition]
            axes.plot([row.low, row.high], [height, height], color=colour, lw=1.5)
            axes.plot(
                [row.proportion], [height], CONDITION_MARKERS[row.condition], ms=5, color=colour
            )
            axes.plot([row.chance] * 2, [place - 0.5, place + 0.5], ":", color="#555555", lw=1)
        axes.axvline(results.recipe.claim.proportion, color="#000000", lw=0.8, ls="--")
        _categories(axes, methods)
        axes.set_xlim(-0.03, 1.03)
        axes.set_xticks([0, 0.5, 1], ["0", "0.5", "1"])
        axes.set_title(results.title(model))
    words = results.recipe.claim.words
    figure.supxlabel(f"proportion of seeds in which {words}", fontsize=9)
    handles = [
        Line2D(
            [],
            [],
            marker=CONDITION_MARKERS[condition],
            color=CONDITION_COLOURS[condition],
            label=condition,
        )
        for condition in CONDITIONS
    ]
    handles.append(Line2D([], [], color="#000000", lw=0.8, ls="--", label="required by the claim"))
    if data["chance"].notna().any():
        chance = "chance, if all ranked alike"
        handles.append(Line2D([], [], color="#555555", lw=1, ls=":", label=chance))
    figure.legend(handles=handles, loc="outside upper center", ncols=5)
    return Picture(
        "claim",
        f"Proportion of seeds in which {words}, by model, method and condition",
        "Points are proportions of seeds, lines their 95% Wilson intervals. A claim that "
        "comes out on shuffled targets too is not specific to what the data hold. "
        "Untrained networks have no training gradients.",
        figure,
    )


def claim_growth(results: Results) -> Picture | None:
    """The proportion that meets the claim among the first n seeds, with its interval."""
    claim = results.recipe.claim
    data = growth(results, claim)
    if data.empty or data["n"].max() < 2:
        return None
    data = data[data["method"] == claim.method]
    models = [model for model in results.models if (data["model"] == model).any()]
    if not models:
        return None
    figure = Figure(figsize=(10, 2.9), layout="constrained")
    panels = figure.subplots(1, len(models), sharex=True, sharey=True, squeeze=False)[0]
    for axes, model in zip(panels, models, strict=True):
        rows = data[data["model"] == model]
        colour = _colour(results, model)
        axes.fill_between(rows["n"], rows["low"], rows["high"], color=colour, alpha=0.2, lw=0)
        axes.plot(rows["n"], rows["proportion"], color=colour, lw=1.5)
        axes.axhline(claim.proportion, color="#000000", lw=0.8, ls="--")
        axes.set_ylim(-0.03, 1.03)
        axes.set_title(results.title(model))
        if data["n"].max() > 60:
            axes.set_xscale("log")
    figure.supxlabel("number of seeds, in their order", fontsize=9)
    panels[0].set_ylabel("proportion that meets the claim")
    handles = [
        Line2D([], [], color="#000000", lw=0.8, ls="--", label="required by the claim"),
        Patch(color="#555555", alpha=0.3, lw=0, label="95% Wilson interval"),
    ]
    figure.legend(handles=handles, loc="outside upper center", ncols=2)
    return Picture(
        "claim-seeds",
        f"Proportion of the first n seeds in which {claim.words}, by {claim.method}, with its "
        "95% interval, as n grows, one panel for each model",
        f"By {claim.method}. The claim is supported once the whole band lies above the dashed "
        "line, contradicted once it lies below. Decide on the number of seeds beforehand: who adds "
        "seeds until the band clears the line errs more often than the intervals say.",
        figure,
    )


def source_picture(results: Results) -> Picture | None:
    """The claimed share of every network by the source of randomness that varies."""
    claim = results.recipe.claim
    data = sources(results)
    if data.empty:
        return None
    data = data[data["method"] == claim.method]
    models = [model for model in results.models if (data["model"] == model).any()]
    if not models:
        return None
    kinds = [kind for kind in SOURCE_LABELS if kind in set(data["source"])]
    bases = max(int(count) for count in data["bases"])
    figure = Figure(figsize=(10, 1.4 + (0.28 + 0.1 * bases) * len(kinds)), layout="constrained")
    panels = figure.subplots(1, len(models), sharex=True, sharey=True, squeeze=False)[0]
    for axes, model in zip(panels, models, strict=True):
        found = scores_of_claim(results, claim, model, "real", claim.method)
        if found is None:
            continue
        ordinary, statement = found
        varied = results.varied(model, claim.method, level_of_claim(claim, claim.method))
        for row, kind in enumerate(kinds):
            by_base = {0: ordinary} if kind == ALL else varied.get(kind, {})
            for place, vectors in enumerate(by_base.values()):
                height = row + _offset(place, len(by_base))
                values = shares(vectors.score)[:, statement.item]
                _dots(axes, values, height, SOURCE_COLOURS[kind])
        _categories(axes, [SOURCE_LABELS[kind] for kind in kinds])
        axes.set_title(results.title(model))
    figure.supxlabel(f"share of {claim.name} by {claim.method}", fontsize=9)
    return Picture(
        "sources",
        f"Share of {claim.name} in every network, by the source of randomness that varies, one "
        "panel for each model",
        "Each line of dots is one base seed, which holds every other source; each dot is one "
        "network, and the bar their mean. A wide line of dots: that source moves the share. Lines "
        "that differ: what is held moves it. The sample of rows is not noise of training: it "
        "stands for other data.",
        figure,
    )


def agreement_pictures(results: Results) -> Iterator[Picture]:
    """Heatmaps of mean Spearman between methods and between models, by level."""
    for level in ("feature", "variable"):
        count = len(results.items(level))
        reading = (
            "Mean over seeds of the rank correlation, with its 95% interval: 1 is the same "
            f"order of the {count} {level}s, 0 none in common. In one seed, unrelated orders "
            f"give 0 ± {null_deviation(count):.2f}."
        )
        methods = METHODS_OF_LEVEL[level]
        data = spearman_only(method_agreement(results, level))
        if not data.empty:
            figure = _heatmaps(data, "model", results.models, methods, results.title, str)
            yield Picture(
                f"agreement-methods-{level}s",
                f"Mean Spearman correlation between methods within a seed, by {level}, "
                "one panel for each model",
                reading,
                figure,
            )
        data = spearman_only(model_agreement(results, level))
        if not data.empty:
            figure = _heatmaps(data, "method", methods, list(results.models), str, results.title)
            yield Picture(
                f"agreement-models-{level}s",
                f"Mean Spearman correlation between models within a seed, by {level}, "
                "one panel for each method",
                reading,
                figure,
            )


def _heatmaps(
    data: pd.DataFrame,
    panel_key: str,
    panels: Iterable[str],
    items: Sequence[str],
    panel_title: Callable[[str], str],
    item_title: Callable[[str], str],
) -> Figure:
    """One lower triangle of pairs for each panel, two panels in a row."""
    shown = [panel for panel in panels if (data[panel_key] == panel).any()]
    lines = -(-len(shown) // 2)
    height = 0.45 * len(items) + 1.1
    figure = Figure(figsize=(10, lines * height + 0.6), layout="constrained")
    grid = figure.subplots(lines, 2, squeeze=False, sharex=True, sharey=True).ravel()
    image = None
    for axes, panel in zip(grid, shown, strict=False):
        cells = np.full((len(items), len(items)), np.nan)
        for pair in data[data[panel_key] == panel].itertuples():
            row, column = items.index(pair.second), items.index(pair.first)
            cells[row, column] = pair.mean
            text = "undefined" if np.isnan(pair.mean) else f"{pair.mean:z.2f}"
            bounds = "" if np.isnan(pair.low) else f"\n[{pair.low:z.2f}, {pair.high:z.2f}]"
            colour = "white" if abs(pair.mean) > 0.75 else "black"
            axes.text(
                column, row, text + bounds, ha="center", va="center", fontsize=7.5, color=colour
            )
        image = axes.imshow(cells, cmap="PuOr_r", vmin=-1, vmax=1, aspect="auto")
        axes.set_xlim(-0.5, len(items) - 1.5)
        axes.set_ylim(len(items) - 0.5, 0.5)
        labels = [item_title(item) for item in items]
        axes.set_xticks(range(len(items) - 1), labels[:-1], rotation=20, ha="right")
        axes.set_yticks(range(1, len(items)), labels[1:])
        axes.grid(visible=False)
        axes.tick_params(length=0)
        axes.spines[:].set_visible(False)
        axes.set_title(panel_title(panel))
    for axes in grid[len(shown) :]:
        axes.set_axis_off()
    if image is not None:
        figure.colorbar(image, ax=list(grid), label="mean Spearman", shrink=0.6)
    return figure


def _dots(axes: Axes, values: np.ndarray, height: float, colour: str) -> None:
    """Every seed a dot, and a bar at their mean."""
    alpha = 1.0 if len(values) == 1 else 0.45
    heights = np.full(len(values), height)
    axes.plot(values, heights, "o", ms=4, alpha=alpha, mew=0, color=colour)
    if np.isfinite(values).any():
        axes.plot([np.nanmean(values)], [height], "|", ms=10, mew=2, color=colour)


def _off_scale(axes: Axes, values: np.ndarray, lowest: float, height: float, colour: str) -> None:
    """Say at the left edge how many values lie beyond it, and where the mean is."""
    beyond = int((values < lowest).sum())
    if beyond:
        text = f"◀ {beyond} of {len(values)} (mean {values.mean():z.2f})"
        axes.text(lowest, height + 0.08, text, va="top", fontsize=7.5, color=colour)


def _diamond(axes: Axes, values: Sequence[float], heights: Sequence[float]) -> list[Line2D]:
    """Published values; returns their legend handle in a list."""
    return axes.plot(
        values,
        heights,
        "D",
        ms=6,
        mfc="none",
        mew=1.3,
        color=PUBLISHED,
        label="published (one seed)",
    )


def _undefined(found: Sequence[Vectors]) -> str:
    """How many seeds have no dot, as a sentence to follow others."""
    lost = [int(np.isnan(shares(vectors.score)).any(axis=1).sum()) for vectors in found]
    if not any(lost):
        return ""
    total = sum(len(vectors.score) for vectors in found)
    return f" {sum(lost)} of these {total} score vectors have no positive entry: no share, no dot."


def _categories(axes: Axes, names: Sequence[str]) -> None:
    """Named rows from the top down, with thin lines between them in place of a grid."""
    axes.set_yticks(range(len(names)), names)
    axes.grid(visible=False, axis="y")
    axes.tick_params(axis="y", length=0)
    for edge in range(1, len(names)):
        axes.axhline(edge - 0.5, color="#CCCCCC", lw=0.8)
    axes.set_ylim(len(names) - 0.5, -0.5)


def _offset(index: int, count: int) -> float:
    """Where the index-th of `count` lines lies within a row of height 1."""
    return 0.8 * ((index + 0.5) / count - 0.5)


def _colour(results: Results, model: str) -> str:
    if model == LEAST_SQUARES:
        return LEAST_SQUARES_COLOUR
    return MODEL_COLOURS[list(results.models).index(model) % len(MODEL_COLOURS)]


def _model_handle(results: Results, model: str) -> Line2D:
    return Line2D(
        [], [], ls="", marker="o", color=_colour(results, model), label=results.title(model)
    )
