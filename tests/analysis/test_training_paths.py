"""How importance and loss go through training, against plain NumPy on given histories."""

import numpy as np
import pandas as pd
import pytest
from conftest import ROOT, made_run, shipped

import study
from study.analysis.overview import Overview
from study.analysis.results import Results
from study.analysis.training import seed_losses, seed_paths
from study.cli.group import commands
from study.engines.replicates import loss_epochs, occasion_epochs
from study.report.tables.registry import make_table

SEEDS = 7
DIVERGED = 5  # of the transformer
ROWS, DEVIATION = 205, 0.3


@pytest.fixture(scope="module")
def histories():
    """Of two models: gradients with ties and zeros, losses of whole epochs, one seed all NaN."""
    generator = np.random.default_rng(8)
    found = {
        (model, condition): (
            generator.gamma(2, size=(SEEDS, 51)),
            generator.integers(0, 4, size=(SEEDS, 10, 8)).astype(float),
        )
        for model in ("transformer", "mlp")
        for condition in ("real", "shuffled")
    }
    for values in found["transformer", "real"]:
        values[DIVERGED] = np.nan
    # Gradients that vanish altogether have no shares.
    found["mlp", "real"][1][2, 3] = 0.0
    # A loss that grows without bound in the last epochs alone.
    found["mlp", "real"][0][4, 49:] = np.inf
    return found


@pytest.fixture(scope="module")
def results(tmp_path_factory, people, histories) -> Results:
    return run(tmp_path_factory.mktemp("paths"), people, histories)


@pytest.fixture(scope="module")
def overview(results) -> Overview:
    return Overview(results)


def run(directory, people, histories, **changes) -> Results:
    seeds = len(next(iter(histories.values()))[0])
    scores = {
        key: {"gradient": np.random.default_rng(1).gamma(2, size=(seeds, 8))} for key in histories
    }
    given = {"parts": [("train", ROWS, DEVIATION), ("test", 40, 0.7)], "histories": histories}
    return made_run(directory, people.recipe, scores, **given | changes)


def expected_shares(gradients: np.ndarray) -> np.ndarray:
    with np.errstate(invalid="ignore"):
        return gradients / gradients.sum(axis=-1, keepdims=True)


def cube(frame: pd.DataFrame, column: str, recipe) -> np.ndarray:
    """(seeds, occasions, features) of one model's rows, whatever their order."""
    by_name = frame.set_index(["seed", "epoch", "name"])[column].unstack("name")[recipe.features]
    seeds, epochs = (by_name.index.unique(level) for level in ("seed", "epoch"))
    assert len(by_name) == len(seeds) * len(epochs)
    return by_name.sort_index().to_numpy(dtype=float).reshape(len(seeds), len(epochs), -1)


def test_the_share_of_a_seed_is_of_the_single_occasion(overview, histories, people):
    found = overview.seed_paths
    assert found["model"].unique().tolist() == ["transformer", "mlp"]
    for model in ("transformer", "mlp"):
        gradients = histories[model, "real"][1]
        own = found[found["model"] == model]
        assert sorted(own["epoch"].unique()) == list(range(0, 300, 30))
        np.testing.assert_allclose(
            cube(own, "share", people.recipe), expected_shares(gradients), rtol=1e-12
        )
        greater = (gradients[..., None, :] > gradients[..., None]).sum(axis=-1)
        same = (gradients[..., None, :] == gradients[..., None]).sum(axis=-1)
        rank = np.where(np.isnan(gradients), np.nan, greater + (same + 1) / 2)
        np.testing.assert_array_equal(cube(own, "rank", people.recipe), rank)


def test_means_are_over_the_seeds_with_a_share(overview, histories, people):
    found = overview.paths
    assert len(found) == 2 * 10 * 8
    for model in ("transformer", "mlp"):
        gradients = histories[model, "real"][1]
        share = expected_shares(gradients)
        strictly_first = (gradients[..., None, :] < gradients[..., None]).sum(axis=-1) == 7
        for row in found[found["model"] == model].itertuples():
            occasion = row.epoch // 30
            item = people.recipe.features.index(row.name)
            values = share[:, occasion, item]
            values = values[~np.isnan(values)]
            lost = int(model == "transformer" or occasion == 3)
            assert row.n == len(values) == SEEDS - lost
            assert row.mean_share == pytest.approx(np.mean(values), rel=1e-12)
            assert row.sd_share == pytest.approx(np.std(values, ddof=1), rel=1e-12)
            assert row.first == strictly_first[:, occasion, item].sum()


def test_losses_are_means_over_the_mini_batches_a_partial_one_among_them(overview, histories):
    """205 rows in batches of 10 are 21 batches."""
    found = overview.seed_losses
    assert len(found) == 2 * SEEDS * 51
    for model in ("transformer", "mlp"):
        own = found[found["model"] == model].pivot(index="seed", columns="epoch", values="loss")
        assert own.columns.tolist() == loss_epochs(300).tolist()
        np.testing.assert_allclose(own, histories[model, "real"][0] / 21, rtol=1e-12)


def test_losses_over_seeds_are_of_those_that_are_finite(overview, histories):
    found = overview.losses.set_index(["model", "epoch"])
    for model, kept in (("transformer", SEEDS - 1), ("mlp", SEEDS)):
        for place, epoch in enumerate(loss_epochs(300)):
            values = histories[model, "real"][0][:, place] / 21
            values = values[np.isfinite(values)]
            row = found.loc[(model, epoch)]
            assert row["n"] == len(values) == kept - (model == "mlp" and place >= 49)
            assert row["median"] == pytest.approx(np.median(values), rel=1e-12)
            assert (row["low"], row["high"]) == pytest.approx((values.min(), values.max()))
    assert found["of_mean"].to_numpy() == pytest.approx(DEVIATION**2)


def test_batches_are_those_of_each_model(tmp_path, people, histories):
    """Of another size, with a fifth held out, and where one batch holds all rows and more."""
    models = {
        "transformer": shipped("transformer", batch_size=41, patience=5),
        "mlp": shipped("mlp", batch_size=300),
    }
    found = seed_losses(run(tmp_path, people, histories, models=models))
    for model, batches in (("transformer", 4), ("mlp", 1)):
        own = found[found["model"] == model].pivot(index="seed", columns="epoch", values="loss")
        np.testing.assert_allclose(own, histories[model, "real"][0] / batches, rtol=1e-12)


def test_where_the_number_of_rows_is_not_stored_losses_are_sums(tmp_path, people, histories):
    results = run(tmp_path, people, histories, parts=[])
    own = seed_losses(results)
    own = own[own["model"] == "mlp"].pivot(index="seed", columns="epoch", values="loss")
    np.testing.assert_array_equal(own, histories["mlp", "real"][0])
    assert Overview(results).losses["of_mean"].isna().all()
    notes = make_table(Overview(results), "training").notes
    assert "Loss: sum over the mini-batches of the nearest epoch" in notes
    assert "nan" not in notes


def test_the_table_takes_the_loss_of_the_nearest_epoch(overview, histories):
    data = make_table(overview, "training").data
    kept = loss_epochs(300)
    for row in data.itertuples():
        values = histories[row.model, "real"][0][:, np.abs(kept - row.epoch).argmin()] / 21
        values = values[np.isfinite(values)]
        assert row.median == pytest.approx(np.median(values))
    assert (
        "mean over the mini-batches (predicting the mean gives 0.09)"
        in make_table(overview, "training").notes
    )


def test_one_seed_has_a_path_without_a_spread(tmp_path, people, histories):
    one = {key: (loss[:1], gradients[:1]) for key, (loss, gradients) in histories.items()}
    results = run(tmp_path, people, one)
    found = Overview(results).paths
    assert (found["n"] == 1).all()
    assert found["sd_share"].isna().all()
    loss = Overview(results).losses
    np.testing.assert_allclose(loss["median"], loss["low"])
    np.testing.assert_allclose(loss["median"], loss["high"])
    layout = make_table(Overview(results), "training").layout
    assert not layout.map(lambda text: "nan" in text or "±" in text).any(axis=None)


FRAMES = ("seed_paths", "paths", "seed_losses", "losses")


def test_paths_need_no_least_squares(tmp_path, people, overview, histories):
    without = Overview(run(tmp_path, people, histories, least_squares=None))
    for name in FRAMES:
        pd.testing.assert_frame_equal(getattr(without, name), getattr(overview, name))


def test_without_histories_there_are_no_paths(tmp_path, people):
    scores = {("mlp", "real"): {"gradient": np.ones((3, 8)) + np.eye(3, 8)}}
    overview = Overview(made_run(tmp_path, people.recipe, scores, parts=[("train", 200, 0.3)]))
    assert all(getattr(overview, name).empty for name in FRAMES)


def test_paths_of_those_that_have_learned(tmp_path, people, histories):
    r_squared = {"mlp": [0.9, 0.1, 0.9, np.nan, 0.9, 0.9, 0.9], "transformer": [0.0] * SEEDS}
    results = run(tmp_path, people, histories, r_squared=r_squared)
    overview = Overview(results)
    everything = overview.paths  # asked for first, so that what is kept could mix them up
    learned = overview.learned
    assert learned.results.models.keys() == {"mlp"}
    kept = [0, 2, 4, 5, 6]
    gradients = histories["mlp", "real"][1][kept]
    np.testing.assert_allclose(
        cube(learned.seed_paths, "share", people.recipe), expected_shares(gradients)
    )
    own = learned.seed_losses.pivot(index="seed", columns="epoch", values="loss")
    assert own.index.tolist() == kept
    np.testing.assert_allclose(own, histories["mlp", "real"][0][kept] / 21)
    assert set(learned.paths["n"]) == {4, 5}  # at one occasion, seed 2 has no share
    assert learned.losses["n"].max() == 5
    assert overview.paths.equals(everything)
    assert make_table(overview, "training", learned=True).data["n"].max() == 5
    assert make_table(overview, "training").data["n"].max() == SEEDS


def test_of_a_trained_run(small, tmp_path):
    """Predicting the mean costs the variance of the target as the table of the data has it."""
    arguments = ["run", *small, "--seeds", "2", "--workers", "1", "--out", str(tmp_path / "run")]
    commands.main(arguments, standalone_mode=False)
    results = study.load(tmp_path / "run")
    target = np.loadtxt(ROOT / "data" / "people_train.txt", delimiter="\t")[:, 5]
    assert Overview(results).losses["of_mean"].to_numpy() == pytest.approx(
        np.mean((target - target.mean()) ** 2), rel=1e-6
    )
    stored = results.losses[results.losses["condition"] == "real"]["loss"]
    np.testing.assert_allclose(seed_losses(results)["loss"], stored / 20)
    for row in results.parts.itertuples():
        table = np.loadtxt(ROOT / "data" / f"people_{row.part}.txt", delimiter="\t")
        assert (row.rows, row.deviation) == (len(table), pytest.approx(table[:, 5].std(), rel=1e-6))
    occasions = occasion_epochs(3)
    assert sorted(seed_paths(results)["epoch"].unique()) == sorted(set(occasions))
    # The score by training-gradient is the sum over the occasions, before any division.
    own = results.occasions[results.occasions["condition"] == "real"]
    summed = own.groupby(["model", "seed", "feature"])["absolute"].sum()
    scores = results.scores[
        (results.scores["method"] == "training-gradient")
        & (results.scores["condition"] == "real")
        & (results.scores["level"] == "feature")
    ].set_index(["model", "seed", "name"])["score"]
    np.testing.assert_allclose(scores, summed.reindex(scores.index), rtol=1e-5)
