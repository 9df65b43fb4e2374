"""Names of levels that have an order, or none, as anybody would say who reads them."""

import re
from collections.abc import Sequence
from functools import cache

FEWEST = 3  # levels that show an order
# From the least to the greatest; words of one place mean the same.
_SCALES = (
    "lowest|very low, low, medium|moderate|mid|middle|average|normal, high, highest|very high",
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
_RANK = re.compile(r"(\d+)(st|nd|rd|th)")


def in_order(texts: Sequence[str]) -> list[str] | None:
    """Different texts from the least to the greatest, where they are plainly of one scale."""
    words = [_plain(text) for text in texts]
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
    return re.sub(r"[\s_-]+", " ", text).strip().casefold()


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
