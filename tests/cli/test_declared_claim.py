"""A claim that is declared with a date before its run, and what the run then says of it."""

import hashlib
import re
import shutil
import tomllib
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from conftest import ROOT

from study.store.declarations import declaration

CLAIM = "age rank 1 in 0.8"


@pytest.fixture
def recipe(small) -> str:
    return small[1]


@pytest.fixture
def trained(small, command, recipe):
    """Run two seeds of the MLP, with a declaration if one is named."""
    mlp = small[-1].split(",")[1]

    def run(*more: str):
        return command(
            *("run", "--data", recipe, "--models", mlp, "--seeds", "2"),
            *("--workers", "1", "--out", "run", *more),
        )

    return run


def words(text: str) -> str:
    return " ".join(text.split())


def declared(command, recipe, *more: str) -> Path:
    answer = command("claim", "declare", CLAIM, "--data", recipe, "--out", "claim.toml", *more)
    assert answer.status == 0, answer.err
    return Path("claim.toml")


def redated(path: Path, days: int) -> None:
    """Put another date into a declaration."""
    date = datetime.now(UTC) + timedelta(days=days)
    text = re.sub(r"date = .*", f"date = {date:%Y-%m-%dT%H:%M:%SZ}", path.read_text())
    path.write_text(text)


def test_the_file_holds_the_claim_the_time_and_the_digests_of_the_tables(command, recipe):
    before = datetime.now(UTC).replace(microsecond=0)
    said = tomllib.loads(declared(command, recipe).read_text())
    assert before <= said["date"] <= datetime.now(UTC)
    assert said["sha256"] == {
        name: hashlib.sha256((ROOT / "data" / name).read_bytes()).hexdigest()
        for name in ("people_train.txt", "people_test.txt")
    }
    assert (said["claim"], said["level"]) == (CLAIM, "feature")
    assert (said["model"], said["method"]) == ("transformer", "training-gradient")


def test_it_goes_into_a_folder_of_declarations_by_its_day_and_overwrites_none(command, recipe):
    arguments = ("claim", "declare", CLAIM, "--data", recipe)
    answer = command(*arguments)
    assert answer.status == 0, answer.err
    (path,) = Path("declarations").iterdir()
    assert re.fullmatch(r"people-\d{4}-\d\d-\d\d\.toml", path.name)
    digest = hashlib.sha256(path.read_bytes()).hexdigest()
    assert answer.out.startswith(f"{path}: SHA-256 {digest}\n")
    kept = path.read_bytes()
    refused = command(*arguments[:2], "sex rank 1 in 0.8", *arguments[3:])
    assert refused.status == 2
    assert refused.err == f"study: {path}: is there already\n"
    assert path.read_bytes() == kept


@pytest.mark.parametrize(
    ("claim", "said"),
    [("height rank 1 in 0.8", "is called 'height'"), ("age rank 1", 'write "NAME rank 1 in 0.8"')],
)
def test_what_is_no_claim_on_the_data_is_not_declared(command, recipe, claim, said):
    refused = command("claim", "declare", claim, "--data", recipe)
    assert refused.status == 2
    assert said in refused.err
    assert not Path("declarations").exists()


def test_a_run_with_it_says_when_and_by_which_file_everywhere(command, trained, recipe, undrawn):
    path = declared(command, recipe, "--model", "mlp")
    answer = trained("--declared", str(path))
    assert answer.status == 0, answer.err
    date = tomllib.loads(path.read_text())["date"]
    digest = hashlib.sha256(path.read_bytes()).hexdigest()
    when = f"It has a declaration dated {date:%Y-%m-%d %H:%M:%S} UTC, before the run first trained"
    # The recipe's claim is of another model: this one is a further claim, and declared.
    assert "declares another claim" in words(answer.out)
    further = command("claim", "run", CLAIM, "--model", "mlp")
    assert words(further.out).startswith(when)
    assert "Not declared before the run" not in further.out
    assert command("claim", "run", "sex rank 1 in 0.8", "--model", "mlp").out.startswith(
        "Not declared before the run"
    )
    path.unlink()
    # Of the same second as the training it may be.
    redated(declared(command, recipe), 1)
    assert trained("--declared", "claim.toml").status == 0
    cited = words(command("cite", "run").out)
    assert "came after the run first trained, and is none" in cited
    assert digest not in cited  # that of the other claim


def test_the_report_and_the_citation_show_the_whole_digest(command, trained, recipe, undrawn):
    path = declared(command, recipe)
    trained("--declared", str(path))
    digest = hashlib.sha256(path.read_bytes()).hexdigest()
    assert command("report", "run").status == 0
    page = Path("run/report.html").read_text()
    cited = words(command("cite", "run").out)
    for text in (page, cited):
        assert digest in text
        assert "the date holds as far as that file was deposited" in words(text)
    assert "keeps no dated declaration" not in page + cited


def test_a_run_without_one_says_so(command, trained, undrawn):
    trained()
    assert command("report", "run").status == 0
    for text in (Path("run/report.html").read_text(), command("cite", "run").out):
        assert "The run keeps no dated declaration of its claim" in words(text)


@pytest.mark.parametrize(("days", "before"), [(-1, True), (1, False)])
def test_only_a_date_before_the_first_training_counts(command, trained, recipe, days, before):
    path = declared(command, recipe)
    redated(path, days)
    trained("--declared", str(path))
    cited = words(command("cite", "run").out)
    assert ("before the run first trained" in cited) == before
    assert ("came after the run first trained, and is none" in cited) != before


def test_one_that_is_given_once_the_run_has_trained_is_dated_by_its_own_date(
    command, trained, recipe
):
    path = declared(command, recipe)
    redated(path, -1)
    trained()
    answer = trained("--declared", str(path))
    assert answer.status == 0, answer.err
    assert "before the run first trained" in words(command("cite", "run").out)


def test_a_declaration_on_other_data_is_refused_before_anything_is_made(command, trained, recipe):
    path = declared(command, recipe)
    path.write_text(re.sub(r'(people_test.txt" = ")..', r"\g<1>00", path.read_text()))
    refused = trained("--declared", str(path))
    assert refused.status == 2
    assert "a declaration on other data" in refused.err
    assert not Path("run/results.sqlite").exists()


@pytest.mark.parametrize(
    "content",
    [
        b"my notes",
        b"\xff\xfe",
        b"date = 2026-01-01\nclaim = 1",
        b"date = 2026-01-01T00:00:00\n",  # of no time zone
        b"a = " + b"[" * 10_000,
        b"# " + b"x" * 10**6,
    ],
)
def test_what_is_no_declaration_is_refused(command, trained, content):
    Path("claim.toml").write_bytes(content)
    refused = trained("--declared", "claim.toml")
    assert refused.status == 2
    assert refused.err.startswith("study: claim.toml: not a declaration")
    assert refused.err.count("\n") == 1


def test_a_link_out_of_a_received_run_is_not_followed(command, finished):
    shutil.copytree(finished, "run")
    Path("elsewhere").mkdir()
    Path("run/declarations").symlink_to(Path("elsewhere").resolve())
    refused = command("cite", "run")
    assert refused.status == 2
    assert "a link to outside of run" in refused.err


def test_names_that_are_hard_to_write_are_read_back(people):
    claim = people.recipe.claim.model_copy(update={"name": 'a"\\\x7f\u202e=\n[x]'})
    text = declaration(claim, "d\x1b", {'t".csv': "00"}, datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC))
    said = tomllib.loads(text)
    assert said["claim"] == claim.typed
    assert said["sha256"] == {'t".csv': "00"}
    assert said["date"] == datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC)
