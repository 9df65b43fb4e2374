"""Text that is safe to print; seeds and names in words."""

import json
import re
import textwrap
import unicodedata
from collections.abc import Iterable, Sequence

# Marks, embeddings, overrides and isolates: they turn the order in which signs are shown.
_BIDIRECTIONAL = "\u061c\u200e\u200f\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069"
_CONTROLS = [*range(32), *range(127, 160), *map(ord, _BIDIRECTIONAL), 0x2028, 0x2029]
_REPLACED = dict.fromkeys(_CONTROLS, "\ufffd")
_REPLACED_IN_LINES = {sign: to for sign, to in _REPLACED.items() if chr(sign) not in "\n\t"}
_CONTROLS_IN_LINES = {sign: to for sign, to in _REPLACED_IN_LINES.items() if sign < 160}


def printable(text: str) -> str:
    """Text on one line, shown in the order in which it is written.

    Control characters, which could steer a terminal, are replaced, and so are bidirectional
    controls, which could make a name or a number read as another.
    """
    return text.translate(_REPLACED)


def printable_lines(text: str) -> str:
    """The same of several lines, whose line ends and tabs stay."""
    return text.translate(_REPLACED_IN_LINES)


def without_controls(text: str) -> str:
    """Lines for another program, in which only control characters are replaced."""
    return text.translate(_CONTROLS_IN_LINES)


WIDTH = 100  # columns of a terminal


def folded(line: str) -> str:
    """A line of text for a terminal, a long one folded; what is folded stands further in."""
    line = printable(line)
    indent = " " * (len(line) - len(line.lstrip()) + 2) if line.startswith(" ") else ""
    return textwrap.fill(line, WIDTH, subsequent_indent=indent, break_on_hyphens=False)


def quoted(text: str) -> str:
    """Text as a recipe holds it. JSON's texts are TOML's; what would turn the order of signs, or
    hide, is written out."""
    signs = json.dumps(text, ensure_ascii=False)
    return "".join(sign if printable(sign) == sign else f"\\u{ord(sign):04x}" for sign in signs)


# The longest refusal, and the longest failure, which also says what is kept, and how to go on.
SHORT, LONG = 290, 1000
# Of what was given between quotation marks, and of one word.
_LONGEST_QUOTED, _LONGEST_WORD = 80, 200
_QUOTED = re.compile(r"(?<!\w)'[^']*'(?!\w)")  # an apostrophe stands after a letter
_WORD = re.compile(rf"\S{{{_LONGEST_WORD + 1},}}")


def message(text: str, most: int = SHORT) -> str:
    """What is wrong, on one line of at most so many signs, however long a text it speaks of.

    Control characters and bytes that are no text stand as Python writes them, so that a name is
    seen as it is; long texts lose their middle.
    """
    seen = "".join(
        sign.encode("unicode_escape").decode("ascii")
        if ord(sign) in _REPLACED or "\ud800" <= sign <= "\udfff"
        else sign
        for sign in text
    )
    for given in (_QUOTED, _WORD):
        seen = given.sub(lambda found: _without_middle(found[0], _LONGEST_QUOTED), seen)
    return _without_middle(seen, most)


def _without_middle(text: str, most: int) -> str:
    """At most so many signs of a text: more of its beginning than of its end."""
    end = most // 3
    return text if len(text) <= most else f"{text[: most - end - 1]}…{text[-end:]}"


# Of printable text no part: it holds no control characters.
_FILLER = "\0"


def by_columns(text: str) -> str:
    """Printable text as long as it is wide in a terminal, to be laid out by its length.

    Signs as wide as two columns, such as those of Japanese, are followed by a filler; `filled`
    takes it away again.
    """
    wide = (sign for sign in set(text) if unicodedata.east_asian_width(sign) in "WF")
    return text.translate({ord(sign): sign + _FILLER for sign in wide})


def filled(text: str) -> str:
    """Text that was laid out by columns, as it is printed."""
    return text.replace(_FILLER, "")


def ranges(seeds: list[int]) -> str:
    """Seeds as the --seeds option takes them: 0-19,25; each one below 0, which none has, alone."""
    runs: list[list[int]] = []
    for seed in seeds:
        if runs and seed == runs[-1][-1] + 1 and seed > 0:
            runs[-1][1:] = [seed]
        else:
            runs.append([seed])
    return ",".join("-".join(map(str, ends)) for ends in runs)


def listed(names: Iterable[str]) -> str:
    """Names as a sentence lists them: a, b and c."""
    *most, last = [*names] or [""]
    return f"{', '.join(most)} and {last}" if most else last


def some(names: Sequence[str], most: int = 5) -> str:
    """Names as `listed`, not too many and none too long: a, b and 4 more."""
    more = [f"{len(names) - most} more"] if len(names) > most else []
    return listed([*map(short, names[:most]), *more])


def short(text: str) -> str:
    """A text that may be long, for a line of words."""
    return text if len(text) <= 40 else f"{text[:40]}…"
