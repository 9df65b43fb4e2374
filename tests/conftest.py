"""Shared material: the published data, and a study small enough to run in seconds."""

import base64
import gc
import os

# Processes of tests beside each other share the cores: more threads than cores would wait for
# each other, busily. Libraries read this when they are imported.
if "PYTEST_XDIST_WORKER" in os.environ:
    os.environ.setdefault("OMP_NUM_THREADS", "1")

import shutil
import sqlite3
import sys
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest

from study.analysis.results import Results
from study.cli import options
from study.cli.group import commands
from study.cli.main import main
from study.common.conditions import CONDITIONS
from study.common.methods import DEFAULT_METHODS, GROUPED_PERMUTATION, TRAINING_GRADIENT
from study.common.streams import StreamSeeds
from study.common.streams import varied as of_source
from study.common.vocabulary import LEAST_SQUARES
from study.datasets.dataset import Dataset, load_dataset
from study.engines.network_engine import NetworkEngine
from study.engines.registry import engine_for
from study.engines.replicates import Replicate, Trained, loss_epochs, occasion_epochs
from study.recipes.dataset import DatasetRecipe
from study.recipes.find import find_dataset, find_model
from study.recipes.model import ModelRecipe
from study.store.records import Key, Record
from study.store.run_directory import FILE_NAME, create
from study.store.writer import Writer

if TYPE_CHECKING:
    from playwright.sync_api import Browser

ROOT = Path(__file__).parent.parent


def pytest_configure(config: pytest.Config) -> None:
    """Leave the files in their order: the longest ones hold few tests, and would come last."""
    config.option.loadscopereorder = False


# Rooms whose files take longest, as they start processes, compile or draw; and files in no room.
LONGEST = frozenset({"engines", "execution", "report", "verify", "tests"})


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Begin with the longest files: one that comes last runs while another processor idles."""
    items.sort(key=lambda item: item.path.parent.name not in LONGEST)


def pytest_collection_finish() -> None:
    """Look for garbage among what tests make alone: all that was imported stays.

    Holm's method of statsmodels looks for it at each call, which took most of a second.
    """
    gc.collect()
    gc.freeze()


@pytest.fixture(scope="session", autouse=True)
def fresh_cache(tmp_path_factory: pytest.TempPathFactory) -> None:
    """Compiled kernels of these tests alone, for all processes of theirs."""
    folder = tmp_path_factory.getbasetemp()
    if "PYTEST_XDIST_WORKER" in os.environ:
        folder = folder.parent
    os.environ["XDG_CACHE_HOME"] = str(folder / "cache")


@pytest.fixture(scope="session", autouse=True)
def ordinary_seeds_alone() -> Iterator[None]:
    """Tests ask for splits and shuffles where they are about them."""
    with pytest.MonkeyPatch.context() as patched:
        patched.setattr(options, "USUAL", options.Beside(splits=0, seeds_per_split=1, shuffles=0))
        yield


@pytest.fixture(scope="module")
def chromium() -> "Iterator[Browser]":
    """One headless browser for the tests of a file.

    While it is there, an event loop runs in the main thread, where no other can then be started.
    """
    from browser import launched  # the other tests need no Playwright

    with launched() as browser:
        yield browser


@dataclass
class Outcome:
    status: int
    out: str
    err: str


Command = Callable[..., Outcome]


@pytest.fixture
def command(tmp_path, monkeypatch, capsys) -> Command:
    """Run `study ARGUMENTS` in an empty folder, each time as if in a process of its own."""
    monkeypatch.chdir(tmp_path)
    # Python does not see that a module changed within a second.
    monkeypatch.setattr(sys, "dont_write_bytecode", True)

    def run(*arguments: str) -> Outcome:
        monkeypatch.setattr(sys, "argv", ["study", *arguments])
        with pytest.raises(SystemExit) as stop:
            main()
        for name, module in list(sys.modules.items()):
            if (getattr(module, "__file__", None) or "").startswith(f"{tmp_path}/"):
                del sys.modules[name]
        said = capsys.readouterr()
        return Outcome(stop.value.code, said.out, said.err)

    return run


EMPTY = '<svg xmlns="http://www.w3.org/2000/svg" width="9" height="9"/>'
# One white dot.
EMPTY_PNG = base64.b64decode(
    "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAAAAAA6fptVAAAACklEQVR42mP4DwABAQEAHLCMmQAAAABJRU5ErkJggg=="
)


@pytest.fixture
def undrawn(monkeypatch) -> None:
    """Empty figures, where the texts of a page are all that counts: drawing takes seconds."""
    from study.report.figures.display import Display, Drawings

    empty = Drawings(EMPTY_PNG, EMPTY, EMPTY)
    monkeypatch.setattr(Display, "drawings", lambda _: empty)


@pytest.fixture
def sketched(monkeypatch) -> None:
    """Figures that are drawn and laid out once, wide, and stand on the page as empty ones.

    For a report of unusual data, of which each figure has to come about. All forms of a figure
    take four times as long; they are made in test_report and test_page.
    """
    from study.report.figures.display import Display, Drawings

    def drawings(display: Display) -> Drawings:
        display.sketch()
        return Drawings(b"", EMPTY, EMPTY)

    monkeypatch.setattr(Display, "drawings", drawings)


@pytest.fixture(scope="session")
def people() -> Dataset:
    found = find_dataset(str(ROOT / "data" / "people.toml"))
    return load_dataset(found.recipe, found.path.parent)


def shipped(name: str, **training: float) -> ModelRecipe:
    """A shipped model recipe with another training protocol."""
    recipe = find_model(str(ROOT / "models" / f"{name}.toml")).recipe
    protocol = recipe.training.model_copy(update=training)
    return recipe.model_copy(update={"training": protocol})


def train(
    recipe: ModelRecipe,
    replicates: Sequence[Replicate],
    dataset: Dataset,
    engine: Callable[..., NetworkEngine] = engine_for,
    **options: Any,
) -> Trained:
    """Train on the training rows of a dataset, by what suits the recipe if not by an engine."""
    x, y = dataset.train_x, dataset.train_y
    return engine(recipe, x.shape[1], **options).train(replicates, x, y)


@pytest.fixture(scope="session")
def small(tmp_path_factory: pytest.TempPathFactory) -> list[str]:
    """Arguments of `study run`: two shipped models for three epochs, two permutations."""
    folder = tmp_path_factory.mktemp("small")
    shutil.copytree(ROOT / "data", folder / "data")
    data = folder / "data" / "people.toml"
    data.write_text(data.read_text().replace("repeats = 30", "repeats = 2"))
    models = [folder / f"{name}.toml" for name in ("transformer", "mlp")]
    for path in models:
        text = (ROOT / "models" / path.name).read_text()
        path.write_text(text.replace("epochs = 300", "epochs = 3"))
    return ["--data", str(data), "--models", ",".join(map(str, models))]


@pytest.fixture(scope="session")
def finished(tmp_path_factory: pytest.TempPathFactory, small: list[str]) -> Path:
    """A run of two seeds of the MLP, to be copied."""
    directory = tmp_path_factory.mktemp("finished") / "run"
    mlp = small[-1].split(",")[1]
    arguments = ["run", *small[:2], "--models", mlp, "--seeds", "2", "--workers", "1"]
    commands.main([*arguments, "--out", str(directory)], standalone_mode=False)
    return directory


def without_digests(directory: Path) -> None:
    """Make of a run one that was stored before there were digests, which can be changed."""
    with closing(sqlite3.connect(directory / FILE_NAME)) as connection:
        connection.executescript(
            "DROP TABLE digests; DROP TABLE seals;"
            "DROP TABLE IF EXISTS methods; DROP TABLE IF EXISTS conditions;"
            "DROP TABLE IF EXISTS data_findings;"
            "UPDATE run SET schema = 1"
        )


Scores = Mapping[tuple[str, str], Mapping[str, np.ndarray]]
Histories = Mapping[tuple[str, str], tuple[np.ndarray, np.ndarray]]
Varied = Mapping[tuple[str, str, int], Mapping[str, np.ndarray]]


def drawn_scores(
    models: Iterable[str], draw: Callable[[int], np.ndarray]
) -> dict[tuple[str, str], dict[str, np.ndarray]]:
    """Scores for `made_run` by every method, real and controls.

    draw : vectors (seeds, items) of so many items, 8 features or the 4 variables of the people
    """
    return {
        (model, condition): {
            method: draw(4 if method == GROUPED_PERMUTATION else 8)
            for method in DEFAULT_METHODS
            if (method, condition) != (TRAINING_GRADIENT, "untrained")
        }
        for model in models
        for condition in CONDITIONS
    }


def made_run(
    directory: Path,
    recipe: DatasetRecipe,
    scores: Scores,
    *,
    r_squared: Mapping[str, Sequence[float]] | None = None,
    least_squares: float | None = 0.9,
    traits: Sequence[tuple[str, float, float]] = (),
    parts: Sequence[tuple[str, int, float]] = (),
    first_seed: int = 0,
    dataset: str = "people",
    models: Mapping[str, ModelRecipe] | None = None,
    histories: Histories | None = None,
    hashes: Mapping[str, str] | None = None,
    environment: Mapping[str, str] | None = None,
    varied: Varied | None = None,
    halves: Mapping[str, Mapping[str, np.ndarray]] | None = None,
) -> Results:
    """A run with given scores in place of trained networks, stored and read again.

    scores : by (model, condition) and method, (seeds, items), of the seeds from `first_seed`;
    r_squared : of each model's seeds on the training rows, 0.9 where not given
    least_squares : its R², or None in a run that does not hold it yet
    parts : part, rows and the target's deviation of each table, where the run stores them
    models : recipes by name of those that are not the shipped ones; hashes : of the tables
    histories : by (model, condition), losses (seeds, points) and absolute gradients (seeds,
        occasions, features), of the epochs at which the model's protocol keeps them
    varied : by (model, source, base seed) and method, (seeds, items), of the seeds 100, 101, ...
        of that source
    halves : by model and method, (halves, items), of the first and the second half of each split
    """
    create(directory, dataset, recipe, dict(hashes or {}))
    variables = [variable.name for variable in recipe.variables]

    def of_seed(by_method: Mapping[str, np.ndarray], seed: int) -> dict[str, dict[str, float]]:
        return {
            method: dict(
                zip(
                    variables if method == GROUPED_PERMUTATION else recipe.features,
                    vectors[seed],
                    strict=True,
                )
            )
            for method, vectors in by_method.items()
        }

    with Writer(directory) as store:
        store.add_traits(traits)
        if parts:
            store.add_parts(parts)
        for (model, condition), by_method in scores.items():
            seeds = len(next(iter(by_method.values())))
            fits = (r_squared or {}).get(model, [0.9] * seeds)
            contender = (models or {}).get(model) or shipped(model)
            history = (histories or {}).get((model, condition))
            records = [
                _record(
                    Key(model, condition, "made", StreamSeeds.of(first_seed + seed)),
                    fits[seed],
                    of_seed(by_method, seed),
                    *([] if history is None else _history(contender, recipe, history, seed)),
                )
                for seed in range(seeds)
            ]
            store.add(model, contender, records, dict(environment or {}))
        beside = [
            (model, lambda place, of=(source, base): of_source(*of, 100 + place), by_method)
            for (model, source, base), by_method in (varied or {}).items()
        ]
        beside += [
            (model, lambda place: StreamSeeds.of(place, place), by_method)
            for model, by_method in (halves or {}).items()
        ]
        for model, streams, by_method in beside:
            records = [
                _record(Key(model, "real", "made", streams(place)), 0.9, of_seed(by_method, place))
                for place in range(len(next(iter(by_method.values()))))
            ]
            store.add(model, (models or {}).get(model) or shipped(model), records, {})
        if least_squares is not None:
            closed = Key(LEAST_SQUARES, "real", "closed-form", streams=None)
            equal = {"gradient": dict.fromkeys(recipe.features, 1.0)}
            store.add(LEAST_SQUARES, None, [_record(closed, least_squares, equal)], {})
    return Results(directory)


def _history(
    model: ModelRecipe, recipe: DatasetRecipe, history: tuple[np.ndarray, np.ndarray], seed: int
) -> tuple[list[tuple[int, str, float, float]], list[tuple[int, float]]]:
    """Occasions and losses of one seed as rows of the store."""
    losses, occasions = history
    epochs = model.training.epochs
    return (
        [
            (int(epoch), feature, float(value), float(value))
            for epoch, values in zip(occasion_epochs(epochs), occasions[seed], strict=True)
            for feature, value in zip(recipe.features, values, strict=True)
        ],
        [
            (int(epoch), float(loss))
            for epoch, loss in zip(loss_epochs(epochs), losses[seed], strict=True)
        ],
    )


def _record(
    key: Key,
    r_squared: float,
    scores: Mapping[str, Mapping[str, float]],
    occasions: Sequence[tuple[int, str, float, float]] = (),
    losses: Sequence[tuple[int, float]] = (),
) -> Record:
    return Record(
        key=key,
        weights={"w": np.zeros(1, np.float32)},
        fits=[
            (part, evaluation, r_squared, 1.0, 0.5)
            for part in ("train", "test")
            for evaluation in ("alone", "together")
        ],
        scores=[
            (method, item, float(value), float(value))
            for method, by_item in scores.items()
            for item, value in by_item.items()
        ],
        occasions=list(occasions),
        losses=list(losses),
    )


def whole_run(
    directory: Path,
    recipe: DatasetRecipe,
    models: Mapping[str, ModelRecipe] | Sequence[str] = ("transformer", "mlp"),
    *,
    seeds: int = 9,
    diverged: int = 1,
    sources: Sequence[str] = ("dropout", "rows"),
) -> Results:
    """A made run that has something for every figure and table.

    Every method and condition with histories, parts and networks of --vary, random scores in
    which the first claimed item is often the greatest; so many seeds of the last model have
    diverged, and half of the remaining ones fit badly.
    """
    if not isinstance(models, Mapping):
        models = {name: shipped(name) for name in models}
    generator = np.random.default_rng(11)
    counts = (len(recipe.features), len(recipe.variables))
    claimed = recipe.claim.names[0]
    places = [
        names.index(claimed) if claimed in names else 0
        for names in (recipe.features, [variable.name for variable in recipe.variables])
    ]

    def drawn(method: str, condition: str, size: int) -> np.ndarray:
        by_variable = method == GROUPED_PERMUTATION
        scores = generator.gamma(2, size=(size, counts[by_variable]))
        if method.startswith("permutation"):
            scores -= 0.8
        scores[:, places[by_variable]] += {"real": 4, "shuffled": 1, "untrained": 0}[condition]
        return scores

    scores: dict[tuple[str, str], dict[str, np.ndarray]] = {}
    histories: dict[tuple[str, str], tuple[np.ndarray, np.ndarray]] = {}
    for model, contender in models.items():
        epochs = contender.training.epochs
        for condition in CONDITIONS:
            by_method = {
                method: drawn(method, condition, seeds)
                for method in DEFAULT_METHODS
                if (method, condition) != (TRAINING_GRADIENT, "untrained")
            }
            if condition != "untrained":
                falling = np.cumsum(-generator.uniform(0, 1, (seeds, len(loss_epochs(epochs)))), 1)
                steps = (seeds, len(occasion_epochs(epochs)), counts[0])
                histories[model, condition] = np.exp(falling / 10), generator.gamma(2, size=steps)
            if diverged and model == list(models)[-1]:
                for vectors in by_method.values():
                    vectors[-diverged:] = np.nan
                for values in histories.get((model, condition), ()):
                    values[-diverged:] = np.nan
            scores[model, condition] = by_method
    last = list(models)[-1]
    fits = np.linspace(0.3, 0.95, seeds)
    fits[seeds - diverged :] = np.nan
    return made_run(
        directory,
        recipe,
        scores,
        r_squared={last: fits.tolist()},
        traits=[(feature, 0.3, 0.1) for feature in recipe.features],
        parts=[("train", 200, 0.3), ("test", 40, 0.25)],
        models=models,
        histories=histories,
        varied={
            (model, source, base): {method: drawn(method, "real", 4) for method in DEFAULT_METHODS}
            for model in models
            for source in sources
            for base in range(2)
        },
    )
