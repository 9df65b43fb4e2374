"""The commands for models, tables and scores of one's own: model, data, import."""

from pathlib import Path
from typing import TYPE_CHECKING, Literal

import click

from study.cli.group import FRESH_OPTION, TYPED, commands, hold_lock, say, tell_lines
from study.common.errors import InputError
from study.common.text import printable

if TYPE_CHECKING:
    from study.datasets.dataset import Dataset
    from study.recipes.model import ModelRecipe


@commands.group("model")
def model_commands() -> None:
    """Your own models."""


@model_commands.command("check")
@click.argument("name_or_path", help="Of the model's recipe.")
@click.option("--data", default="people", show_default=True, help="Dataset recipe, name or path.")
def model_check_command(name_or_path: str, data: str) -> int:
    """Check that a model can be trained and measured.

    Of a network, faults come first, each with its remedy; a regressor or classifier of
    scikit-learn is made, fitted and asked for predictions once. With a fault, the exit status is
    2. This runs the model's code.
    """
    from study.recipes.find import find_contender, find_dataset
    from study.recipes.model import ModelRecipe

    model, found_dataset = find_contender(name_or_path), find_dataset(data)

    from study.datasets.dataset import load_dataset
    from study.engines.registry import engine_for

    dataset = load_dataset(found_dataset.recipe, found_dataset.path.parent)
    what = f"{model.recipe.import_path}, tried on {found_dataset.name}"
    if isinstance(model.recipe, ModelRecipe):
        say(printable(f"{model.path}: {what}"))
        return _check_network(model.recipe, dataset)
    engine = engine_for(
        model.recipe,
        len(dataset.features),
        task=dataset.task,
        gaps=dataset.gaps,
        columns=dataset.columns,
    )
    engine.check(dataset, known=False)
    say(printable(f"{model.name}: {what}"))
    kind, gives = {
        "squared error": ("regressor", "a number"),
        "Poisson": ("regressor", "a rate of counts"),
        "cross-entropy": ("classifier", "probabilities"),
    }[dataset.task.loss]
    given = "its arguments and a random_state" if engine.seeded else "its arguments"
    say(
        f"It is a {kind}, not a network: it can be made with {given}, fitted,\n"
        f"and gives {gives} for each row."
    )
    if engine.note:
        say(f"note: {engine.note}")
    if differs := engine.differs(dataset):
        say(f"note: {differs}")
    return 0


def _check_network(recipe: "ModelRecipe", dataset: "Dataset") -> int:
    """List what is found; the exit status."""
    from study.common.findings import counted, faults, listed
    from study.engines.network_check.check import CHECKS, check_network

    variables = dict(zip(dataset.variables, dataset.groups, strict=True))
    outputs = dataset.task.outputs
    findings = check_network(recipe, dataset.train_x, dataset.test_x, variables, outputs)
    for line in listed(findings):
        say(line)
    left = CHECKS - len({finding.code for finding in findings})
    more = f"; {left} more checks follow once the faults are mended" if left else ""
    say(f"{counted(findings)}{more}")
    return InputError.exit_status if faults(findings) else 0


@commands.command("import")
@click.argument(
    "files",
    metavar="FILE...",
    nargs=-1,
    required=True,
    type=click.Path(path_type=Path),
    help="CSV, JSON, Parquet, or a ranking of Weka; several with the seed in their names.",
)
@click.option("--claim", "words", help='What the scores are to show: "age rank 1 in 0.8".')
@click.option(
    "--model",
    help="The model that the claim rests on, or of all scores, if no column names any.  "
    "[default: the only one]",
)
@click.option("--method", help="The method that it rests on, likewise.  [default: the only one]")
@click.option(
    "--smaller-is-better",
    metavar="METHOD",
    multiple=True,
    help="Turn the scores of a method of which the smaller matter more: p-values, ranks.",
)
@click.option(
    "--absent",
    type=click.Choice(["zero"]),
    help="What features without a row count as.  [default: zero by methods of boosters]",
)
@click.option("--out", type=click.Path(path_type=Path), help="[default: reports/<name of FILE>]")
@click.option("--target", help="What the models predict.")
@click.option("--title", help="What the report is called.  [default: the name of FILE]")
@FRESH_OPTION
def import_command(
    files: tuple[Path, ...],
    words: str | None,
    model: str | None,
    method: str | None,
    smaller_is_better: tuple[str, ...],
    absent: Literal["zero"] | None,
    out: Path | None,
    target: str | None,
    title: str | None,
    fresh: bool,
) -> None:
    """Make a run of scores from elsewhere: SHAP values, a forest's impurities.

    FILE has a row for each score and the columns model, method, seed, feature and score; also
    condition (real, shuffled or untrained) and signed. Tables of other tools are read as they are;
    so are several files that differ in a seed: forest_seed1.csv forest_seed2.csv.
    """
    from study.cli.scores import scores_and_claim, tell_scores
    from study.store.import_scores import import_scores, recipe_of
    from study.store.provenance import command_line
    from study.store.scores.several import found, pattern, run_name

    paths = found(files)
    file, run = pattern(paths), run_name(paths)
    table, claim = scores_and_claim(
        paths,
        words,
        model=model,
        method=method,
        smaller_is_better=smaller_is_better,
        absent=absent,
    )
    title = title or run
    recipe = recipe_of(table, file.name, claim, title=title, target=target, absent=absent)
    directory = out or Path("reports") / run
    tell_scores(table)
    hold_lock(directory)
    typed = command_line(click.get_current_context().meta[TYPED])
    if not import_scores(directory, run, recipe, table, fresh=fresh, command=typed):
        say(f"{directory}: holds these scores and this claim already")

    from study.analysis.overview import Overview
    from study.analysis.results import Results
    from study.report.text.terminal import summary

    say(summary(Overview(Results(directory))))
    say(f"'study report {directory}' makes the page, figures and tables.")


@commands.group("data")
def data_group() -> None:
    """From a table of your own to a dataset recipe."""


@data_group.command("init")
@click.argument("table", metavar="TABLE", help="CSV (any separator), or Parquet.")
@click.option(
    "--target", default="", help="The column to be predicted: a number or a class.  [required]"
)
@click.option("--test-file", help="A table of test rows; without it, rows are drawn from TABLE.")
@click.option(
    "--propose-from-half",
    is_flag=True,
    help="Propose the claim from a random half of the rows, and leave these out of the study.",
)
@click.option(
    "--claim",
    help='What you held before you saw these data, in place of a proposed claim: "age rank 1 in '
    '0.8".',
)
@click.option("--out", type=click.Path(path_type=Path), help="[default: data/<table>.toml]")
@click.option("--separator", help="One sign, or tab.  [default: inferred]")
@click.option("--encoding", help="Such as cp1252.  [default: inferred]")
@click.option("--force", is_flag=True, help="Overwrite a recipe that is there.")
def data_init_command(
    table: str,
    target: str,
    test_file: str | None,
    propose_from_half: bool,
    claim: str | None,
    out: Path | None,
    separator: str | None,
    encoding: str | None,
    force: bool,
) -> None:
    """Write a recipe for a table: study data init mytable.csv --target price.

    It infers what each column is, says so, and comments what it writes. A target of words, of two
    values, or of few whole numbers that are each met often is drafted as classes; else it is a
    number.
    """
    from study.common.files import local, whole, write_new

    path, test_path = local(table), local(test_file) if test_file is not None else None
    recipe_path = out or Path("data") / f"{path.stem}.toml"
    if recipe_path.suffix != ".toml":
        raise InputError(f"--out '{recipe_path}': let the name end in .toml")
    # Whoever wrote it, its owner may have changed it since.
    if recipe_path.exists() and not force:
        raise InputError(
            f"{recipe_path} is there already: name another by --out, or overwrite it by --force"
        )
    if separator in ("tab", "\\t"):
        separator = "\t"
    if separator is not None and (len(separator) != 1 or separator in '"\r\n'):
        raise InputError(f"--separator '{separator}': give one sign, or tab")
    if claim is not None and propose_from_half:
        raise InputError("--claim is given, and --propose-from-half proposes one: give one of both")

    from study.datasets.drafting.draft import HALF, draft
    from study.datasets.drafting.wording import told

    made = draft(
        path,
        target,
        recipe_path,
        test_path=test_path,
        separator=separator,
        encoding=encoding,
        proposal=HALF if propose_from_half else None,
        claim=claim,
    )
    if force:
        with whole(recipe_path) as new:
            write_new(new, made.text)
    else:
        write_new(recipe_path, made.text)
    tell_lines(told(made, recipe_path, path))


@data_group.command("check")
@click.argument("data", metavar="RECIPE", help="Its name or path.")
def data_check_command(data: str) -> None:
    """Load a dataset recipe, without training, and say what it makes of its table."""
    from study.datasets.dataset import load_dataset
    from study.datasets.drafting.wording import checked
    from study.importance.scoring import check_scoring
    from study.recipes.find import find_dataset

    found = find_dataset(data)
    dataset = load_dataset(found.recipe, found.path.parent)
    check_scoring(dataset)
    tell_lines(checked(dataset))
