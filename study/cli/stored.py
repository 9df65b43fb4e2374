"""The commands on what is stored, and the demo: check, dump, predict, weights, demo."""

import sys
from contextlib import closing
from pathlib import Path

import click

from study.cli.group import (
    FORCE_OPTION,
    RUN_OPTION,
    TRUST_OPTION,
    commands,
    one_run,
    run_argument,
    say,
)
from study.common.errors import InputError, StudyError
from study.common.files import is_folder
from study.common.standard_streams import is_read
from study.common.text import printable


@commands.command("check")
@run_argument
@click.option("--data", help="Dataset recipe, name or path.  [default: by the run's name of it]")
@click.option(
    "--sample",
    default=10,
    show_default=True,
    type=click.IntRange(min=0),
    help="Networks of each model and condition whose fits and scores are computed again.",
)
@click.option(
    "--retrain",
    default=0,
    show_default=True,
    type=click.IntRange(min=0),
    help="Networks of each model that are trained again.",
)
@TRUST_OPTION
def check_command(
    directory: str | None, data: str | None, sample: int, retrain: int, trust: bool
) -> int:
    """Check that all that is stored of a run is right.

    Digests, completeness and ranges of all of it, and a sample of fits and scores computed again
    from the weights. Faults come first, each with its remedy; with a fault, the exit status is 1.
    Nothing is changed. Of the code that the run names, this runs what comes with the program or
    scikit-learn, and the function of a recipe that --data names; all of it with --trust.
    """
    from study.common.findings import counted, faults, listed
    from study.store.run_directory import find_run
    from study.verify.check import check_run

    found = find_run(directory)
    findings = check_run(found, data=data, sample=sample, retrain=retrain, trust=trust)
    say(printable(str(found)))
    for line in listed(findings):
        say(line)
    say(counted(findings))
    return StudyError.exit_status if faults(findings) else 0


@commands.command("dump")
@run_argument
@click.option(
    "--out", type=click.Path(dir_okay=False, path_type=Path), help="A file, in place of printing."
)
@FORCE_OPTION
def dump_command(directory: str | None, out: Path | None, force: bool) -> None:
    """Print all results of a run, such that equal runs give equal text.

    A line is a JSON array: the name of a table, the key of a training, and what is stored of it;
    weights as SHA-256. Where and when it was computed is left out.
    """
    from study.common.files import check_replaceable, whole
    from study.store.dump import dump, is_dump
    from study.store.run_directory import find_run
    from study.store.store import Store

    with Store(find_run(directory)) as store, closing(dump(store)) as lines:
        if out is not None:
            check_replaceable(out, is_dump, force=force)
            with whole(out) as new, new.open("w", encoding="utf-8", newline="\n") as file:
                file.writelines(lines)
            return
        for line in lines:
            if not is_read():  # whoever did, such as head, has had enough
                break
            sys.stdout.write(line)


@commands.command("demo")
@click.option(
    "--seed",
    default=0,
    show_default=True,
    type=click.IntRange(0, 2**32 - 1),
    help="Fixes every random choice.",
)
@click.option(
    "--out",
    type=click.Path(dir_okay=False, path_type=Path),
    default=Path("reports/demo/transformer.pt"),
    show_default=True,
    help="Where the trained weights go.",
)
@FORCE_OPTION
def demo_command(seed: int, out: Path, force: bool) -> None:
    """Run the published demo from top to bottom: one Transformer, one seed."""
    from study.demo import tell

    tell(seed, out, say, force=force)


@commands.command("predict")
@click.argument(
    "words",
    metavar="[RUN] NAME=VALUE...",
    nargs=-1,
    help="What the row has, variable by variable; beside it the run's directory, which may be "
    "left out.",
)
@RUN_OPTION
@TRUST_OPTION
def predict_command(words: tuple[str, ...], named: str | None, trust: bool) -> None:
    """Predict one row with every stored network.

    Networks whose code does not come with the program are left out without --trust.

    For people: study predict sex=male age=34 State=Oklahoma politics=moderate
    """
    from study.datasets.named_values import named_values
    from study.execution.predict import predict
    from study.store.run_directory import find_run
    from study.store.store import Store

    runs = [word for word in words if "=" not in word and is_folder(word)]
    values = tuple(word for word in words if word not in runs[:1])
    for value in values:
        if "=" not in value:
            raise InputError(f"'{value}': write NAME=VALUE, such as age=34")
    with Store(find_run(one_run(runs[0] if runs else None, named))) as store:
        say(predict(store, named_values(store.recipe, values), trust=trust))


@commands.command("weights")
@run_argument
@click.option("--out", type=click.Path(path_type=Path), help="[default: RUN/weights]")
@FORCE_OPTION
def weights_command(directory: str | None, out: Path | None, force: bool) -> None:
    """Export trained weights, one file for each model, all seeds.

    Each file loads with torch.load(file, weights_only=True).
    """
    from study.common.files import inside
    from study.store.export_weights import export, left_out_words
    from study.store.run_directory import find_run
    from study.store.store import Store

    with Store(find_run(directory)) as store:
        for path in export(store, out or inside(store.directory, "weights"), force=force):
            say(printable(str(path)))
        for line in left_out_words(store):
            say(line)
