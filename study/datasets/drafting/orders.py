"""Names of levels that have an order, or none, as anybody would say who reads them."""

import re
from collections.abc import Sequence
from functools import cache

FEWEST = 3  # levels that show an order
# From the least to the greatest; words of one place mean the same.
_SCALES = (
    "lowest|very low, low, medium|moderate|mid|middle|average|normal, high, highest|very high",
    "far below average|much below average|well below average, below average, average, "
    "above average, far above average|much above average|well above average",
    "l, m, h",
    "tiny, small, medium|mid, large|big, huge",
    "xxs, xs, s, m, l, xl, xxl, xxxl",
    "none|absent, slight|very mild, mild, moderate, severe, very severe|critical",
    "never, almost never|very rarely, rarely|seldom, sometimes|occasionally, often|frequently, "
    "very often|almost always, always",
    "never, yearly|annually, monthly, weekly, daily",
    "disagree strongly|strongly disagree, disagree, somewhat disagree|disagree somewhat|"
    "slightly disagree, neutral|undecided|neither|neither agree nor disagree, somewhat agree|"
    "agree somewhat|slightly agree, agree, strongly agree|agree strongly",
    "strongly oppose|oppose strongly, oppose, somewhat oppose|oppose somewhat, neutral|neither|"
    "neither favor nor oppose|neither favour nor oppose, somewhat favor|somewhat favour|"
    "favor somewhat|favour somewhat, favor|favour, strongly favor|strongly favour|favor strongly|"
    "favour strongly",
    "strongly disapprove|disapprove strongly, disapprove, somewhat disapprove|disapprove somewhat, "
    "neutral|neither, somewhat approve|approve somewhat, approve, strongly approve|"
    "approve strongly",
    "not at all|not, slightly|a little|a little bit, somewhat, moderately, fairly|quite, "
    "very|very much|a lot, extremely|completely",
    "very dissatisfied, dissatisfied, neutral|neither, satisfied, very satisfied",
    "very unlikely, unlikely, neutral|neither, likely, very likely",
    "very negative, negative, neutral, positive, very positive",
    "very bad, bad, average|medium|neutral|ok, good, very good, excellent|outstanding",
    "very poor, poor, fair, average|typical, good, very good, excellent",
    "fair, good, very good, premium, ideal",
    "po, fa, ta, gd, ex",
    "very unhappy, unhappy, neutral, happy, very happy",
    "very easy, easy, medium|moderate, hard|difficult, very hard|very difficult",
    "cold, cool, mild, warm, hot",
    "very slow, slow, medium|moderate, fast, very fast",
    "worse, same, better",
    "beginner|novice, intermediate, advanced, expert",
    "junior, middle|mid, senior",
    "freshman, sophomore, junior, senior",
    "primary, secondary, tertiary",
    "less than high school|no high school|some high school, high school|hs grad|"
    "high school graduate|high school diploma, some college, associate's degree|associate degree, "
    "college|college grad|college graduate|bachelor|bachelors|bachelor's|bachelor's degree|"
    "bachelor degree|bachelor's degree or higher, master|masters|master's|master's degree|"
    "master degree|advanced degree|graduate degree|postgraduate, phd|doctorate|doctoral degree",
    "bronze, silver, gold, platinum",
    "child, adolescent|teenager, adult, senior|elderly",
    "young, middle aged, old",
    "first, second, third, fourth, fifth, sixth, seventh, eighth, ninth, tenth",
)
_CYCLES = {
    "months": (
        "january|jan, february|feb, march|mar, april|apr, may, june|jun, july|jul, august|aug, "
        "september|sep|sept, october|oct, november|nov, december|dec"
    ),
    "days of the week": (
        "monday|mon, tuesday|tue|tues, wednesday|wed, thursday|thu|thur|thurs, friday|fri, "
        "saturday|sat, sunday|sun"
    ),
    "seasons": "spring, summer, autumn|fall, winter",
}
_NO_AND_YES = (
    *("no, yes", "n, y", "false, true", "f, t", "off, on", "nein, ja", "non, oui", "no, si"),
    *("no, sí", "nee, ja", "nej, ja", "não, sim", "nao, sim", "нет, да"),
)
_NOT_AT_ALL = re.compile(r"not (.+) at all")
_RANK = re.compile(r"(\d+)(st|nd|rd|th)")


def in_order(texts: Sequence[str]) -> list[str] | None:
    """Different texts from the least to the greatest, where they are plainly of one scale.

    What all of them begin or end with, as the noun of "a little anxious", says nothing of order.
    """
    words = [_plain(text) for text in texts]
    return _in_order(texts, words) or _in_order(texts, _without_shared(words))


def may_be_in_order(texts: Sequence[str]) -> bool:
    """Whether some texts may have an order that their words do not tell."""
    return len(texts) >= FEWEST and not cycle_of(texts)


def _in_order(texts: Sequence[str], words: Sequence[str]) -> list[str] | None:
    """Texts in the order of the words that stand for them."""
    ranks = [_RANK.fullmatch(word) for word in words]
    if all(ranks):
        return _sorted(texts, [int(rank[1]) for rank in ranks if rank])
    for scale in map(_places, _SCALES):
        if all(word in scale for word in words):
            return _sorted(texts, [scale[word] for word in words])
    return None


def no_and_yes(texts: Sequence[str]) -> list[str] | None:
    """Two different texts, the one that denies first; None where they are no such pair."""
    for pair in map(_places, _NO_AND_YES):
        if set(map(_plain, texts)) == set(pair):
            return _sorted(texts, [pair[_plain(text)] for text in texts])
    return None


def cycle_of(texts: Sequence[str]) -> str:
    """What goes round and has no first and no last, if texts name such; else nothing."""
    for what, names in _CYCLES.items():
        if all(_plain(text) in _places(names) for text in texts):
            return what
    return ""


def _plain(text: str) -> str:
    words = re.sub(r"[\s_-]+", " ", text.replace("’", "'")).strip().casefold()
    return _NOT_AT_ALL.sub(r"not at all \1", words)


def _without_shared(texts: Sequence[str]) -> list[str]:
    """Texts without the words that all of them begin with, or end with."""
    parts = [text.split() for text in texts]
    first = _shared(parts)
    last = _shared([part[::-1] for part in parts])
    return [" ".join(part[first : len(part) - last]) for part in parts]


def _shared(parts: Sequence[Sequence[str]]) -> int:
    """With how many same words all begin, at least one left of each."""
    count = 0
    for words in zip(*(part[:-1] for part in parts), strict=False):
        if len(set(words)) > 1:
            break
        count += 1
    return count


@cache
def _places(scale: str) -> dict[str, int]:
    """The place of each word of a scale."""
    return {
        word: place for place, words in enumerate(scale.split(", ")) for word in words.split("|")
    }


def _sorted(texts: Sequence[str], places: Sequence[int]) -> list[str] | None:
    """Texts by their places; None where two have the same."""
    if len(set(places)) < len(texts):
        return None
    return [text for _, text in sorted(zip(places, texts, strict=True))]
