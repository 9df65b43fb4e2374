"""Are recipes and options that are wrong refused in a line, and is every file left as it is?

The recipes that are shipped, and whole command lines, are changed at random: values of other types
and sizes, deep nesting, thousands of digits or letters, control characters, keys and words left
out, put in twice or taken from elsewhere. A change may also leave what is right. Refusals have
status 2 and fewer than three lines and 300 characters; a command that is refused makes no file,
and no command touches one that it did not make.

    python benchmarks/refusals.py --recipes 300 --lines 300
"""

import argparse
import contextlib
import io
import shutil
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from study.cli.main import main as study
from study.common.errors import InputError
from study.common.package import shipped

MOST_LINES, MOST_SIGNS, SLOW = 2, 300, 60.0
DATA, MODELS = ("people", "planted", "diabetes"), ("linear", "mlp", "transformer")
TINY = """title = "Tiny"
network = "study.networks.linear:Linear"
[training]
epochs = 10
batch_size = 50
learning_rate = 0.01
"""
TABLE = "area,town,price\n" + "".join(f"{n},{'abc'[n % 3]},{n * n % 17}\n" for n in range(60))
SCORES = "model,method,seed,feature,score\n" + "".join(
    f"m,SHAP,{seed},{name},{size}\n"
    for seed in range(3)
    for name, size in (("a", 3), ("b", 1 + seed))
)
# In place of what a recipe says at a key.
_NESTED = ("[" * 3000 + "]" * 3000, "{a = " * 3000 + "1" + "}" * 3000)
VALUES = (
    *("0", "-1", "1", "3.5", "-0.0", "1e999", "-1e308", "5e-324", "nan", "inf", "true", "1e6"),
    *(str(10**18), str(2**64), "9" * 400, "9" * 5000, f"-{'9' * 5000}", "0x" + "f" * 5000),
    *('""', '" "', f'"{"x" * 5000}"', '"\\u001b[2J"', '"\\n"', '"\\u202e"', '"é😀"', "'''a\nb'''"),
    *("[]", "{}", "[[]]", '["a", "a"]', '["a", 1]', "{ a = 1 }", f"[{'0, ' * 5000}]", *_NESTED),
    *("1979-05-27", "07:32:00", '"no.such:module"', '"os:system"', '"people"', '"../.."', '"="'),
    *("", "=", "]", '"', "\\", "\x00", "\x1b"),
)
# In place of a word of a command line, or beside it.
WORDS = (
    *("", " ", "\n", "0", "-1", "1e5", "1.5", "NaN", "inf", "80%", "-", "--", "=", "=1", "a=b"),
    *("9" * 30, "9" * 5000, "-" + "9" * 5000, "1-" + "9" * 5000, "5-1", "1-2-3", "1,,2", "²", "٣"),
    *("x" * 2000, "é" * 400, "'" * 200, "x'y" * 300, "word " * 400, "\x1b[2J", "a\nb\tc", "\u202e"),
    *("\udcff", "--no-such-option", "--" + "x" * 2000, "-q", "[", "../..", "t.csv", "missing"),
    *("run/results.sqlite", "/dev/null", "no/such/folder.toml", "http://localhost/t", "latex"),
    *("sklearn:" + "x" * 2000, "sklearn:Ridge", f"dominant rank {'9' * 5000} in 0.8"),
    *(
        f"{'x' * 2000} rank 1 in 0.8",
        f"dominant rank 1 in 0.{'9' * 5000}",
        "dominant=" + "9" * 5000,
        "dominant rank 1 in 80%",
    ),
)
_REQUEST = (
    *("--data", "planted", "--models", "tiny.toml", "--seeds", "2", "--splits", "0"),
    *("--shuffles", "0", "--workers", "1", "--out", "new"),
)
_ROW = [f"{name}=1" for name in ("dominant", *(f"equal_{of}" for of in "bcd"), "pair_e", "pair_f")]
LINES = (
    ("run", *_REQUEST),
    ("plan", *_REQUEST),
    ("run", *_REQUEST, "--vary", "init", "--bases", "5"),
    ("report", "run"),
    ("table", "claim", "run", "--format", "csv"),
    ("claim", "run", "dominant rank 1 in 0.8"),
    ("claim", "run", "dominant share 0.5 in 0.8", "--model", "tiny", "--method", "gradient"),
    ("cite", "run", "--format", "latex", "--out", "numbers.tex"),
    ("compare", "run", "other"),
    ("status", "run"),
    ("check", "run", "--sample", "1"),
    ("dump", "run", "--out", "dump.txt"),
    ("demo", "--seed", "-1", "--out", "weights.pt"),
    ("predict", "--run", "run", *_ROW, "noise=1"),
    ("weights", "run", "--out", "weights"),
    ("model", "check", "tiny.toml", "--data", "planted"),
    ("data", "init", "t.csv", "--target", "price", "--out", "new.toml"),
    ("data", "check", "planted"),
    ("import", "scores.csv", "--claim", "a rank 1 in 0.8", "--out", "imported"),
)


@dataclass(frozen=True)
class Outcome:
    """What came of one command: `fault` is empty where it did as it should."""

    arguments: tuple[str, ...]
    status: int
    said: str
    seconds: float
    fault: str

    @property
    def kind(self) -> str:
        """What it counts as."""
        return self.fault or ("refused" if self.status else "accepted")


def mutated_recipe(text: str, rng: np.random.Generator) -> str:
    """A recipe with one or two changes."""
    for _ in range(rng.integers(1, 3)):
        text = _changed(text, rng)
    return text


def _changed(text: str, rng: np.random.Generator) -> str:
    lines = text.split("\n")
    said = [place for place, line in enumerate(lines) if " = " in line and line[0].isalpha()]
    place = said[rng.integers(len(said))] if said else 0
    key, _, value = lines[place].partition(" = ")
    other = lines[said[rng.integers(len(said))]] if said else ""
    # A change of a value is as likely as all others together.
    change = rng.integers(14)
    if change == 0:
        del lines[place]
    elif change == 1:
        lines.insert(place, lines[place])
    elif change == 2:
        lines[place] = f"{key[:-1]}{'' if len(key) > 1 else 'x'} = {value}"
    elif change == 3:
        lines[place] = f"{'k' * 3000} = {value}"
    elif change == 4:
        lines[place] = f"{key}.{'.'.join('a' * 2000)} = {value}"
    elif change == 5:
        lines[place] = f"{key} = {other.partition(' = ')[2]}"
    elif change == 6:
        return text[: rng.integers(len(text) + 1)]
    else:
        lines[place] = f"{key} = {VALUES[rng.integers(len(VALUES))]}"
    return "\n".join(lines)


def mutated_line(line: tuple[str, ...], rng: np.random.Generator) -> tuple[str, ...]:
    """A command line with one or two changes; the command's own name stays."""
    words = list(line)
    for _ in range(rng.integers(1, 3)):
        place = int(rng.integers(1, len(words))) if len(words) > 1 else 1
        word = WORDS[rng.integers(len(WORDS))]
        change = rng.integers(6)
        if change == 0:
            del words[place : place + 1]
        elif change == 1:
            words.insert(place, words[place] if place < len(words) else word)
        elif change == 2:
            words.insert(place, word)
        else:
            words[place : place + 1] = [word]
    return tuple(words)


def prepare(folder: Path) -> None:
    """Make what the lines speak of, in the working directory: two runs, tables, recipes."""
    (folder / "tiny.toml").write_text(TINY, encoding="utf-8")
    (folder / "t.csv").write_text(TABLE, encoding="utf-8")
    (folder / "scores.csv").write_text(SCORES, encoding="utf-8")
    for name in ("people_train.txt", "people_test.txt"):
        shutil.copy(shipped("data") / name, folder)
    status, said, _ = called(("run", *_REQUEST[:-1], "run"))
    if status:
        sys.exit(said)
    shutil.copytree(folder / "run", folder / "other")


def called(arguments: tuple[str, ...]) -> tuple[int, str, float]:
    """The status of `study ARGUMENTS`, what it says of errors, and its seconds."""
    out, err = io.StringIO(), io.StringIO()
    kept, started = sys.argv, time.perf_counter()
    sys.argv = ["study", *arguments]
    try:
        with contextlib.redirect_stdout(out), contextlib.redirect_stderr(err):
            study()
    except SystemExit as ended:
        status = ended.code if isinstance(ended.code, int) else 1
    finally:
        sys.argv = kept
    return status, err.getvalue(), time.perf_counter() - started


def tried(arguments: tuple[str, ...]) -> Outcome:
    """Call a command in the working directory, judge it, and remove what it made."""
    before = _held()
    status, said, seconds = called(arguments)
    after = _held()
    fault = ""
    if status not in (0, InputError.exit_status):
        fault = f"status {status}"
    elif any(after.get(path) != content for path, content in before.items()):
        fault = "a file touched"
    elif status and after.keys() != before.keys():
        fault = "a file made"
    elif status and said.count("\n") > MOST_LINES:
        fault = "too many lines"
    elif status and len(said.rstrip("\n")) >= MOST_SIGNS and not said.startswith("Usage"):
        fault = "too long"
    elif status and any(sign < " " and sign != "\n" for sign in said):
        fault = "a control character"
    elif seconds > SLOW:
        fault = "too slow"
    for path in sorted(after.keys() - before.keys(), reverse=True):
        shutil.rmtree(path) if path.is_dir() else path.unlink(missing_ok=True)
    return Outcome(arguments, status, said, seconds, fault)


def _held() -> dict[Path, bytes | None]:
    """All files and folders of the working directory, with their content."""
    return {path: None if path.is_dir() else path.read_bytes() for path in Path().rglob("*")}


def recipes(count: int, seed: int) -> Iterator[Outcome]:
    """Mutated recipes, each checked."""
    rng = np.random.default_rng(seed)
    for number in range(count):
        folder, names = (("data", DATA), ("models", MODELS))[number % 2]
        text = (shipped(folder) / f"{names[rng.integers(len(names))]}.toml").read_text("utf-8")
        path = Path("mutated.toml")
        path.write_text(mutated_recipe(text, rng), encoding="utf-8", newline="\n")
        command = "data" if folder == "data" else "model"
        yield tried((command, "check", str(path)))
        path.unlink()


def lines(count: int, seed: int) -> Iterator[Outcome]:
    """Mutated command lines."""
    rng = np.random.default_rng(seed)
    for number in range(count):
        yield tried(mutated_line(LINES[number % len(LINES)], rng))


def outcomes(make: Callable[[int, int], Iterator[Outcome]], count: int, seed: int) -> list[Outcome]:
    """All outcomes, in a folder of their own."""
    with tempfile.TemporaryDirectory() as folder, contextlib.chdir(folder):
        prepare(Path())
        return list(make(count, seed))


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--recipes", type=int, default=300)
    parser.add_argument("--lines", type=int, default=300)
    parser.add_argument("--seed", type=int, default=0)
    asked = parser.parse_args()
    for name, make, count in (("recipes", recipes, asked.recipes), ("lines", lines, asked.lines)):
        found = outcomes(make, count, asked.seed)
        counts = Counter(one.kind for one in found)
        print(name, ", ".join(f"{kind}: {number}" for kind, number in sorted(counts.items())))
        print(f"  the slowest took {max(one.seconds for one in found):.1f} s")
        for one in found:
            if one.fault:
                shown = [word if len(word) < 50 else f"{word[:40]!r}..." for word in one.arguments]
                print(f"  {one.fault}: {shown}\n    {one.said[:500]!r}")


if __name__ == "__main__":
    main()
