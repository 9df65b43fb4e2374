"""Networks in which one source of randomness varies: what is trained, stored and read."""

import shutil
import sqlite3
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from pandas.testing import assert_frame_equal
from scipy import stats

import study
from study.analysis.fits import learning_threshold
from study.analysis.overview import Overview
from study.analysis.results import Results
from study.analysis.seeds import by_source
from study.cli.group import commands
from study.common.errors import InputError
from study.common.streams import StreamSeeds, varied
from study.common.vocabulary import SOURCES
from study.engines.replicates import Replicate
from study.execution import plan, run
from study.report.figures.registry import all_displays
from study.report.tables.registry import make_table
from study.report.text.verdict import details, headline
from study.statistics.ranking import shares
from study.store.run_directory import FILE_NAME
from study.store.store import Store

MODELS = ("transformer", "mlp")
BASES = range(5)
STATES = ("State=Michigan", "State=Nebraska", "State=Oklahoma")
SCORES = 'SELECT model, condition, init, "order", dropout, labels, rows, method, item, score, signed FROM scores JOIN trainings ON trainings.id = training ORDER BY 1, 2, 3, 4, 5, 6, 7, 8, 9'


def study_run(directory: Path, small: list[str], *arguments: str) -> None:
    commands.main(
        ["run", *small, "--out", str(directory), "--workers", "1", *arguments],
        standalone_mode=False,
    )


def query(directory: Path, text: str) -> list[tuple]:
    connection = sqlite3.connect(directory / FILE_NAME)
    rows = connection.execute(text).fetchall()
    connection.close()
    return rows


@pytest.fixture(scope="module")
def runs(tmp_path_factory, small) -> tuple[Path, Path]:
    """Seeds 0 to 2, and the same with dropout and rows varied over them at five base seeds."""
    folder = tmp_path_factory.mktemp("vary")
    study_run(folder / "before", small, "--seeds", "3")
    shutil.copytree(folder / "before", folder / "after")
    study_run(folder / "after", small, "--seeds", "3", "--vary", "dropout")
    study_run(folder / "after", small, "--seeds", "3", "--vary", "rows", "--bases", "0-4")
    return folder / "before", folder / "after"


@pytest.fixture(scope="module")
def results(runs) -> Results:
    return study.load(runs[1])


@pytest.fixture(scope="module")
def overview(results) -> Overview:
    return Overview(results)


def test_ordinary_networks_come_in_every_condition_the_untrained_ones_last():
    assert plan.ordinary([4, 7]) == [
        Replicate("real", StreamSeeds.of(4)),
        Replicate("shuffled", StreamSeeds.of(4)),
        Replicate("real", StreamSeeds.of(7)),
        Replicate("shuffled", StreamSeeds.of(7)),
        Replicate("untrained", StreamSeeds.of(4)),
        Replicate("untrained", StreamSeeds.of(7)),
    ]


def test_varying_is_real_alone_and_shares_the_ordinary_seed():
    wanted = plan.varying("order", [1, 2], [1, 5])
    assert wanted == [
        Replicate("real", StreamSeeds.of(1)),
        Replicate("real", StreamSeeds(1, 5, 1, 1)),
        Replicate("real", StreamSeeds(2, 1, 2, 2)),
        Replicate("real", StreamSeeds(2, 5, 2, 2)),
    ]


def test_exactly_the_networks_asked_for_are_stored(runs):
    with Store(runs[1]) as store:
        keys = {key for key in store.stored_keys() if key.streams is not None}
    ordinary = {
        (model, condition, StreamSeeds.of(seed))
        for model in MODELS
        for condition in ("real", "shuffled", "untrained")
        for seed in range(3)
    }
    others = {
        (model, "real", varied(source, base, seed))
        for model in MODELS
        for source in ("dropout", "rows")
        for base in BASES
        for seed in range(3)
    }
    assert {(key.model, key.condition, key.streams) for key in keys} == ordinary | others
    # Of dropout, base seeds 0 to 2 hold an ordinary seed each.
    assert len(others - ordinary) == 2 * (5 * 3 - 3 + 5 * 3)


def test_what_is_stored_is_not_trained_again(runs, small, capsys, monkeypatch):
    def fail(*_: object, **__: object) -> None:
        raise AssertionError("something is trained")

    monkeypatch.setattr(run, "run", fail)
    before = query(runs[1], "SELECT * FROM trainings")
    study_run(runs[1], small, "--seeds", "3", "--vary", "dropout")
    said = capsys.readouterr().out.splitlines()
    assert said == [
        f"{runs[1]}: of the networks asked for, 30 stored, 0 to do "
        "(real, varying dropout at 5 base seeds)",
        "Stored of all models, by the source that varies: "
        "dropout 30 (base seeds 0-4), rows 30 (base seeds 0-4).",
        f"'study table sources {runs[1]}' and 'study report {runs[1]}' show it.",
    ]
    assert query(runs[1], "SELECT * FROM trainings") == before


def test_ordinary_results_stay_as_they_were(runs, results):
    before = study.load(runs[0])
    for frame in ("scores", "shares", "ranks", "fits", "losses", "occasions"):
        assert_frame_equal(getattr(results, frame), getattr(before, frame))
    # What is stored has changed, and so has what stands for it.
    assert results.identity != before.identity
    assert before.varied_fits.empty
    assert before.varied("mlp", "gradient", "feature") == {}
    with Store(runs[0]) as store, Store(runs[1]) as other:
        for model in MODELS:
            assert results.seeds(model, "real") == [0, 1, 2]
            assert other.weights(model, "real")[0] == [0, 1, 2]
            for name, array in store.weights(model, "real")[1].items():
                np.testing.assert_array_equal(other.weights(model, "real")[1][name], array)


@pytest.mark.parametrize("method", ["gradient", "permutation", "permutation-grouped"])
@pytest.mark.parametrize("source", ["dropout", "rows"])
@pytest.mark.parametrize("model", MODELS)
def test_varied_is_what_a_filter_by_hand_gives(runs, results, model, source, method):
    level = "variable" if method == "permutation-grouped" else "feature"
    found = results.varied(model, method, level)
    assert list(found) == ["dropout", "rows"]
    assert list(found[source]) == list(BASES)
    rows = query(runs[1], SCORES)
    for base, vectors in found[source].items():
        assert vectors.seeds.tolist() == [0, 1, 2]
        assert vectors.items == results.items(level)
        for place, seed in enumerate(vectors.seeds):
            streams = [base, base, base, base, None]
            streams[4 if source == "rows" else 2] = seed
            own = {row[8]: row[9:] for row in rows if row[:8] == (model, "real", *streams, method)}
            assert len(own) == len(vectors.items)
            for column, item in enumerate(vectors.items):
                score, signed = own[item]
                assert vectors.score[place, column] == score
                if signed is None:
                    assert np.isnan(vectors.signed[place, column])
                else:
                    assert vectors.signed[place, column] == signed


def test_scores_by_variable_are_sums_over_a_group(results):
    by_feature = results.varied("mlp", "gradient", "feature")["rows"][3]
    by_variable = results.varied("mlp", "gradient", "variable")["rows"][3]
    columns = [by_feature.items.index(name) for name in STATES]
    state = by_variable.score[:, by_variable.items.index("State")]
    np.testing.assert_allclose(by_feature.score[:, columns].sum(axis=1), state)


def test_fits_of_the_ordinary_seed_stand_at_its_base(results):
    fits = results.varied_fits
    assert list(fits.columns) == ["source", "base", "seed", "model", "part", "evaluation", "r_squared", "rmse", "within"]  # fmt: skip
    assert len(fits) == 2 * 2 * 5 * 3 * 4
    keys = ["model", "part", "evaluation", "seed"]
    ordinary = results.fits.query("condition == 'real'").set_index(keys)
    shared = fits[(fits["source"] == "dropout") & (fits["base"] == fits["seed"])]
    assert sorted(shared["seed"].unique()) == [0, 1, 2]
    measures = ["r_squared", "rmse", "within"]
    shared = shared.set_index(keys)[measures]
    assert_frame_equal(shared, ordinary.loc[shared.index, measures])


def test_dropout_moves_only_networks_that_drop_out(results):
    for base in BASES:
        still = results.varied("mlp", "gradient", "feature")["dropout"][base].score
        assert len(np.unique(still, axis=0)) == 1
        moved = results.varied("transformer", "gradient", "feature")["dropout"][base].score
        assert len(np.unique(moved, axis=0)) == 3


def test_another_sample_of_the_rows_moves_the_scores(results):
    for model in MODELS:
        for vectors in results.varied(model, "training-gradient", "feature")["rows"].values():
            assert len(np.unique(vectors.score, axis=0)) == 3


def test_a_network_does_not_depend_on_which_others_run_along(runs, small, tmp_path):
    model = small[3].split(",")[1]
    arguments = ("--models", model, "--vary", "rows", "--seeds", "1,", "--bases", "3-9")
    study_run(tmp_path, small, *arguments, "--workers", "2")
    where = "WHERE model = 'mlp' AND rows = 1 AND init IN (3, 4)"
    for table in ("fits", "scores", "occasions", "losses"):
        text = f"SELECT init, x.* FROM {table} x JOIN trainings ON trainings.id = training {where}"
        alone, along = (
            sorted((row[0], *row[2:]) for row in query(directory, text))
            for directory in (tmp_path, runs[1])
        )
        assert alone == along != []
    weights = f"SELECT init, weights FROM trainings {where} ORDER BY init"
    assert query(tmp_path, weights) == query(runs[1], weights)


def frame(*streams: tuple[int | None, ...], condition: str = "real") -> pd.DataFrame:
    columns = ["init", "order", "dropout", "labels", "rows"]
    numbers = pd.DataFrame(streams, columns=columns).assign(split=pd.NA).astype("Int64")
    return numbers.assign(model="mlp", condition=condition)


def belongs(*frames: pd.DataFrame) -> set[tuple[str, str, int, int]]:
    found = by_source(pd.concat(frames, ignore_index=True))
    assert set(found) == {"source", "base", "seed", "model", "condition"}
    return set(found[["model", "source", "base", "seed"]].itertuples(index=False, name=None))


def test_a_network_belongs_to_the_source_that_differs():
    assert belongs(
        frame(
            (None, None, None, None, None),  # least squares
            (1, 1, 1, 1, None),
            (2, 1, 1, 1, None),
            (1, 5, 1, 1, None),
            (3, 3, 3, 3, 3),
            (3, 3, 3, 3, None),  # ordinary, at a base that holds no init, order or dropout
            (8, 8, 8, 8, None),
            (1, 1, 1, 2, None),  # of no source
            (1, 2, 3, 1, None),
            (4, 5, 5, 5, 6),
        ),
        frame((9, 1, 1, 1, None), condition="shuffled"),
        frame((1, 1, 1, 1, None)).assign(model="linear"),
        frame((1, 1, 1, 1, None), (5, 5, 5, 5, None)).assign(split=pd.array([1, 4], "Int64")),
    ) == {
        ("mlp", "init", 1, 1),
        ("mlp", "init", 1, 2),
        ("mlp", "order", 1, 1),
        ("mlp", "order", 1, 5),
        ("mlp", "rows", 3, 3),
    }


def test_each_source_is_told_apart():
    streams = {source: varied(source, 2, 7) for source in SOURCES}
    for source, own in streams.items():
        row = (own.init, own.order, own.dropout, own.labels, own.rows)
        assert belongs(frame(row)) == {("mlp", source, 2, 7)}


def test_nothing_varied_is_an_empty_frame():
    assert belongs(frame((1, 1, 1, 1, None), (None, None, None, None, None))) == set()


@pytest.fixture(scope="module")
def varied_alone(tmp_path_factory, small) -> Path:
    """A run that holds networks of --vary alone, of the MLP."""
    directory = tmp_path_factory.mktemp("alone") / "run"
    models = ["--models", small[3].split(",")[1]]
    study_run(directory, small, *models, "--vary", "init", "--seeds", "9,", "--bases", "0-4")
    return directory


@pytest.mark.parametrize("name", ["report", "weights", "predict"])
def test_without_ordinary_seeds_commands_say_what_is_missing(varied_alone, name):
    before = sorted(path.name for path in varied_alone.iterdir())
    place = [str(varied_alone)]
    if name == "predict":
        person = ("sex=male", "age=34", "State=Oklahoma", "politics=moderate")
        place = ["--run", str(varied_alone), *person]
    with pytest.raises(InputError) as error:
        commands.main([name, *place], standalone_mode=False)
    assert str(error.value) == (
        f"{varied_alone}: only networks of --vary or of splits are stored; "
        "'study run' without --vary trains the ordinary seeds"
    )
    assert sorted(path.name for path in varied_alone.iterdir()) == before


def test_a_model_of_varied_networks_alone_stands_beside_others(
    varied_alone, small, tmp_path, capsys
):
    directory = tmp_path / "run"
    shutil.copytree(varied_alone, directory)
    transformer = ["--models", small[3].split(",")[0]]
    study_run(directory, small, *transformer, "--seeds", "1")
    results = study.load(directory)
    assert list(results.models) == ["transformer"]
    assert results.varied_models == ["mlp"]
    assert results.title("mlp") == "MLP"
    assert list(results.varied("mlp", "permutation", "feature")["init"]) == list(BASES)
    capsys.readouterr()
    commands.main(["weights", str(directory)], standalone_mode=False)
    assert [Path(line).name for line in capsys.readouterr().out.split()] == [
        "transformer.pt", "least-squares.pt"
    ]  # fmt: skip


def test_status_shows_sources_and_bases(runs, capsys):
    commands.main(["status", str(runs[1])], standalone_mode=False)
    said = capsys.readouterr().out.splitlines()
    heading = next(place for place, line in enumerate(said) if "one source varied" in line)
    assert said[heading + 1].split() == ["model", *SOURCES]
    assert said[heading + 3].split("MLP")[1].split() == ["-", "-", *2 * ["0-2", "at", "0-4"]]
    commands.main(["status", str(runs[0])], standalone_mode=False)
    assert "varied" not in capsys.readouterr().out


def test_a_report_is_written_of_what_ordinary_seeds_there_are(small, tmp_path, sketched):
    """Varying init over its own base seeds trains those ordinary seeds, without controls."""
    directory = tmp_path / "run"
    study_run(directory, small, "--vary", "init", "--seeds", "2")
    assert study.load(directory).seeds("mlp", "real") == [0, 1]
    commands.main(["report", str(directory)], standalone_mode=False)
    assert (directory / "report.html").exists()


# -- the table of spreads --------------------------------------------------------------------


def test_spreads_are_those_of_a_plain_analysis_of_variance(runs, overview):
    """From the stored scores, by pandas and scipy."""
    columns = [
        "model",
        "condition",
        "init",
        "order",
        "dropout",
        "labels",
        "rows",
        "method",
        "item",
        "score",
        "signed",
    ]
    stored = pd.DataFrame(query(runs[1], SCORES), columns=columns)
    chosen = stored.query(
        "model == 'mlp' and condition == 'real' and method == 'gradient' and rows.notna()"
    )
    wide = chosen.pivot_table(index=["init", "rows"], columns="item", values="score")
    share = wide["age"] / wide.sum(axis=1)
    by_base = [group.to_numpy() for _, group in share.groupby("init")]
    table = overview.sources.set_index(["model", "method", "source"])
    row = table.loc[("mlp", "gradient", "rows")]
    assert (row["bases"], row["n"]) == (5, 15)
    assert row["mean_share"] == pytest.approx(share.mean())
    within = np.mean([values.var(ddof=1) for values in by_base])
    assert row["sd"] == pytest.approx(np.sqrt(within))
    # F = variance between the means of three, times three, over that within.
    between = 3 * row["between"] ** 2 / row["sd"] ** 2
    assert between == pytest.approx(stats.f_oneway(*by_base).statistic)
    first = wide["age"] > wide.drop(columns="age").max(axis=1)
    assert row["met"] == first.sum()
    pairs = [
        np.mean(
            [
                stats.spearmanr(group.iloc[one], group.iloc[two]).statistic
                for one, two in ((0, 1), (0, 2), (1, 2))
            ]
        )
        for _, group in wide.groupby("init")
    ]
    assert row["spearman"] == pytest.approx(np.mean(pairs))
    assert (row["spearman_low"], row["spearman_high"]) == pytest.approx((min(pairs), max(pairs)))


def test_ordinary_seeds_stand_beside_what_varies_alone(results, overview):
    table = overview.sources.set_index(["model", "method", "source"])
    ordinary = results.vectors("transformer", "real", "gradient", "feature")
    row = table.loc[("transformer", "gradient", "all")]
    assert (row["bases"], row["n"]) == (1, len(ordinary.score))
    assert row["mean_share"] == pytest.approx(shares(ordinary.score)[:, 1].mean())
    # The MLP has no dropout, so that the networks of a base seed are one.
    row = table.loc[("mlp", "gradient", "dropout")]
    assert (row["bases"], row["n"]) == (5, 5)
    assert np.isnan([row["sd"], row["spearman"]]).all()
    assert table.loc[("transformer", "gradient", "dropout"), "n"] == 15


def test_the_table_and_the_figure_of_sources_are_made(overview):
    text = make_table(overview, "sources").text()
    assert "sample of rows (sampling, not training)" in text
    assert "at 5 base seeds" in text
    assert "nothing varies" in text
    assert "sources" in all_displays(overview)


def test_the_findings_say_what_resampling_the_rows_does_to_the_claim(results, overview):
    claim = results.recipe.claim
    networks = results.varied(claim.model, claim.method, "feature")["rows"].values()
    scores = np.concatenate([of.score for of in networks])
    met = int((scores[:, 1] > np.delete(scores, 1, axis=1).max(axis=1)).sum())
    expected = f"at each of 5 base seeds, age has rank 1 in {met} of 15 networks."
    assert [sentence for sentence in headline(overview) if sentence.endswith(expected)]
    assert not [sentence for sentence in details(overview) if "--vary rows" in sentence]


def test_networks_that_have_not_learned_are_left_out_of_the_spreads_too(results, overview):
    learned = overview.learned.results
    fits = results.varied_fits.query("part == 'train' and evaluation == 'alone'")
    slow = fits[fits["r_squared"] < learning_threshold(results)]
    assert len(slow)
    left = learned.varied_fits.query("part == 'train' and evaluation == 'alone'")
    assert len(left) == len(fits) - len(slow)
    for model in results.models:
        kept = learned.varied(model, "gradient", "feature")
        networks = sum(len(of.seeds) for bases in kept.values() for of in bases.values())
        assert networks == (left["model"] == model).sum()
