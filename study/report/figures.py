"""The figures of the report."""

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D

from study.report import analysis
from study.report.style import (
    CONDITION_COLOURS,
    CONDITION_MARKERS,
    EVALUATION_COLOURS,
    LEAST_SQUARES_COLOUR,
    MODEL_COLOURS,
    PUBLISHED,
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
        return [
            claimed_share(results),
            fit(results),
            *importance_pictures(results),
            claim(results),
            *agreement_pictures(results),
        ]


def claimed_share(results: Results) -> Picture:
    """The claimed item's share by method and model, real beside shuffled."""
    name, target = results.recipe.claim.name, results.recipe.target.name
    tested = {
        (condition, method): [
            (model, *found)
            for model in results.models
            if (found := analysis.claimed_vectors(results, model, condition, method))
        ]
        for condition in ("real", "shuffled")
        for method in METHODS
    }
    methods = [method for method in METHODS if tested["real", method]]
    figure = Figure(figsize=(10, 1.2 + 0.95 * len(methods)), layout="constrained")
    panels = figure.subplots(1, 2, sharex=True, sharey=True)
    for axes, condition in zip(panels, ("real", "shuffled"), strict=True):
        for row, method in enumerate(methods):
            for model, vectors, item in tested[condition, method]:
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
        + _undefined([vectors for rows in tested.values() for _, vectors, _ in rows]),
        figure,
    )


def fit(results: Results) -> Picture:
    """R² on training and test rows, each seed a dot."""
    models = analysis.all_models(results)
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
    lowest = real.loc[real["evaluation"] == "alone", "r_squared"].min()
    panels[0].set_xlim(max(lowest, -1) - 0.05, 1.01)
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
        "fit; values left of the axis are not drawn (the table has the worst).",
        figure,
    )


def importance_pictures(results: Results) -> Iterator[Picture]:
    """For each method, every item's share by model, every seed a dot."""
    for level in ("feature", "variable"):
        for method in METHODS_OF_LEVEL[level]:
            vectors = [
                (model, found)
                for model in analysis.all_models(results)
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


def claim(results: Results) -> Picture:
    """In what proportion of seeds the claim is met, real beside the controls."""
    data = analysis.claim_proportions(results)
    models = list(results.models)
    methods = [method for method in METHODS if method in set(data["method"])]
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
            axes.plot([1 / row.items] * 2, [place - 0.5, place + 0.5], ":", color="#555555", lw=1)
        axes.axvline(results.recipe.claim.proportion, color="#000000", lw=0.8, ls="--")
        _categories(axes, methods)
        axes.set_xlim(-0.03, 1.03)
        axes.set_xticks([0, 0.5, 1], ["0", "0.5", "1"])
        axes.set_title(results.title(model))
    name = results.recipe.claim.name
    figure.supxlabel(f"proportion of seeds in which {name} comes first", fontsize=9)
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
    handles += [
        Line2D([], [], color="#000000", lw=0.8, ls="--", label="required by the claim"),
        Line2D([], [], color="#555555", lw=1, ls=":", label="chance: 1 in the number ranked"),
    ]
    figure.legend(handles=handles, loc="outside upper center", ncols=5)
    return Picture(
        "claim",
        f"Proportion of seeds in which {name} comes first, by model, method and condition",
        "Points are proportions of seeds, lines their 95% Wilson intervals. A claim that "
        "comes out on shuffled targets too is not specific to what the data hold. "
        "Untrained networks have no training gradients.",
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
        data = analysis.method_agreement(results, level)
        if not data.empty:
            figure = _heatmaps(data, "model", results.models, methods, results.title, str)
            yield Picture(
                f"agreement-methods-{level}s",
                f"Mean Spearman correlation between methods within a seed, by {level}, "
                "one panel for each model",
                reading,
                figure,
            )
        data = analysis.model_agreement(results, level)
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
