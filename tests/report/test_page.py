"""The page of a run in a real browser, and whether the checks of pages find faults."""

import os
import re
import shutil
from pathlib import Path

import numpy as np
import pytest
from browser import FACTS, Viewer, check_page, launched, printed_pages
from conftest import ROOT, made_run, shipped

import study
from study.analysis.overview import Overview
from study.common.methods import DEFAULT_METHODS, GROUPED_PERMUTATION, TRAINING_GRADIENT
from study.recipes.columns import Binary, Numeric, OneHot
from study.recipes.dataset import DatasetRecipe
from study.report.page import write_report

# -- the checks find what is wrong, and nothing else ------------------------------------------

# 1 px by 1 px.
IMAGE = (
    "data:image/png;base64,iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJ"
    "AAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg=="
)
SOUND = f"""<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width">
<title>Sound</title>
<style>
:root {{ color-scheme: light dark; }}
summary {{ line-height: 24px; }}
a {{ color: light-dark(#00f, #9cf); }}
.unseen {{ position: absolute; width: 1px; height: 1px; overflow: hidden; white-space: nowrap; }}
.box {{ width: 100px; overflow-x: auto; }}
@media print {{ :root {{ color-scheme: light; }} .box {{ overflow: visible; width: auto; }} }}
</style>
</head>
<body>
<h1>One</h1>
<p id="first">Text with a <a href="#first">link</a>, <a href="sound.html">a file</a>,
<a href="https://example.org/">an address</a>.</p>
<h2>Two</h2>
<img src="{IMAGE}" alt="a point" loading="lazy">
<p class="unseen">For those who listen.</p>
<details>
<summary>More</summary>
<div class="box"><table><thead><tr><th>name</th><th>numberswithoutspace</th></tr></thead>
<tbody><tr><td>a</td><td>1</td></tr></tbody></table></div>
<table><tr><th scope="row">b</th><td>2</td></tr></table>
</details>
<h3>Three</h3>
<h2>Four</h2>
<p style="background: #000; color: #fff; print-color-adjust: exact">White on black</p>
</body>
</html>
"""
FAULTS = {
    # What to replace in the sound page, by what, and the complaint.
    "wide": ("<h2>Two", '<p style="width: 600px">w</p><h2>Two', "scrolls sideways, closed: 608"),
    "wide inside": (
        "</summary>",
        '</summary><p style="width: 600px">w</p>',
        "scrolls sideways, opened: 608",
    ),
    "unloaded": (IMAGE, "data:image/png;base64,AAAA", "image not loaded: data:image/png"),
    "mute": ('alt="a point"', 'alt=" "', "image without alternative text: data:"),
    "mute drawing": ("<h2>Two", "<svg></svg><h2>Two", "drawing without alternative text: svg"),
    "faint": ('id="first"', 'style="color: #777" id="first"', "contrast below 4.5: 4.48 “Text"),
    "faint link": ("#00f", "#78f", "contrast below 4.5: 3.11 “link”"),
    "faint inside": ("<td>", '<td style="color: #f00">', "contrast below 4.5: 4.00 “a”, 4.00 “1”"),
    "transparent ink": (
        'id="first"',
        'style="color: rgb(0 0 0 / .5)" id="first"',
        "contrast below 4.5: 4.00 “Text",
    ),
    "transparent box": (
        'id="first"',
        'style="opacity: .5" id="first"',
        "contrast below 4.5: 3.98 “Text",
    ),
    "transparent ground": (
        "background: #000",
        "background: rgb(0 0 0 / .4)",
        "contrast below 4.5: 2.85 “White on black”",
    ),
    "faint by a style": (
        "</style>",
        "h3::after { content: ' x'; color: #ccc; }</style>",
        "contrast below 4.5: 1.6",
    ),
    "picture behind text": (
        "background: #000",
        "background: linear-gradient(#000, #000)",
        "text on a background image",
    ),
    "outside": (
        "<h2>Two",
        '<p style="margin-left: -99px">o</p><h2>Two',
        "text outside the window: “o”",
    ),
    "spilt": (
        "<h2>Two",
        '<p style="width: 20px">spiltspiltspilt</p><h2>Two',
        "text outside its box: “spilt",
    ),
    "cut": (
        "<h2>Two",
        '<p style="width: 20px; overflow: hidden">cutcutcut</p><h2>Two',
        "cut off: p “cutcutcut”",
    ),
    "cut below": (
        "<h2>Two",
        '<p style="height: 9px; overflow-y: clip">cut</p><h2>Two',
        "cut off: p “cut”",
    ),
    "dark alone": ("light dark", "dark", "background against the colour scheme: luminance 0.01"),
    "quirks": ("<!doctype html>", "", "page without: doctype"),
    "no language": (' lang="en"', "", "page without: lang"),
    "no title": ("Sound", "", "page without: title"),
    "no width": ('name="viewport"', 'name="port"', "page without: meta viewport"),
    "two titles": ("<h2>Four</h2>", "<h1>Four</h1>", "h1 not once: 2 times"),
    "no first heading": ("h1>", "h2>", "h1 not once: 0 times"),
    "skipped heading": ("h3>", "h4>", "heading skips a level: h4 “Three”"),
    "empty heading": ("Three", "", "heading without text: h3"),
    "same id": ("<h3>", '<h3 id="first">', "id not unique: first"),
    "lost target": ('href="#first"', 'href="#second"', "link to nowhere: #second"),
    "lost reference": ("<h3>", '<h3 aria-describedby="second">', "reference to nowhere: second"),
    "silent link": (">a file<", "><", "link without text: <a"),
    "no header cells": ("<th>name</th><th>numberswithoutspace</th>", "<td></td>", "table without header cells: table"),
    "no scope": (' scope="row"', "", "header cell without scope: th “b”"),
    "no summary": ("summary>", "b>", "details without summary: details"),
    "no keyboard": ("<summary>", '<summary tabindex="-1">', "out of reach of the keyboard: summary “More”"),
    "small": ("24px", "10px", "too small to tap: summary “More”"),
    "elsewhere": ("</head>", '<link rel="preconnect" href="https://example.org">', "loads from elsewhere: https://example.org"),
}  # fmt: skip
FAULTS_IN_THE_DARK = {
    "faint in the dark": ("#9cf", "#33f", "contrast below 4.5: "),
    "light alone": ("light dark", "light", "background against the colour scheme: luminance 1.00"),
}  # fmt: skip
FAULTS_IN_PRINT = {
    "cut in print": ("width: auto;", "width: 50px; overflow: auto;", "cut off: div “name"),
    "dark print": ("@media print { :root { color-scheme: light; }", "@media print {", "contrast below 4.5: 1.00"),
    "black paper": (
        "@media print {",
        "@media print { body { background: #000; print-color-adjust: exact; color: #fff }",
        "not printed on white",
    ),
    "white on what printers leave out": (
        "; print-color-adjust: exact",
        "",
        "contrast below 4.5: 1.00 “White on black”",
    ),
}  # fmt: skip
FAULTS_OF_FILES = {
    "no encoding": ('charset="utf-8"', 'charset="latin1"', "page without: UTF-8"),
    "lost file": ("sound.html", "unsound.html", "link to no file: unsound.html"),
    "script for an address": ("https://example.org/", "javascript:a()", "link that is no address: javascript:"),
    "request": ("<h2>Two", '<script>fetch("https://example.org/x")</script><h2>Two', "request: https://example.org/x"),
    "console": ("</body>", "<script>console.warn('warned')</script></body>", "console warning: warned"),
    "error": ("</body>", "<script>undefined.x</script></body>", "error: Cannot read"),
    "dialog": ("</body>", "<script>alert('hello')</script></body>", "dialog: hello"),
    "written by script": ("</body>", "<script>document.body.append('s')</script></body>", "other text without JavaScript"),
}  # fmt: skip


def faulty(fault: tuple[str, str, str], text: str = SOUND) -> str:
    old, new, _ = fault
    assert old in text
    return text.replace(old, new)


def begins(complaints: list[str], fault: tuple[str, str, str]) -> bool:
    return any(complaint.startswith(fault[2]) for complaint in complaints)


@pytest.fixture(scope="module")
def sound(tmp_path_factory) -> Path:
    page = tmp_path_factory.mktemp("sound") / "sound.html"
    page.write_text(SOUND, encoding="utf-8")
    return page


def test_a_sound_page_has_no_complaints(sound, chromium):
    assert check_page(sound, chromium) == []


@pytest.mark.parametrize(
    ("scheme", "media", "faults"),
    [
        ("light", "screen", FAULTS),
        ("dark", "screen", FAULTS_IN_THE_DARK),
        ("dark", "print", FAULTS_IN_PRINT),
    ],
    ids=["light", "dark", "print"],
)
def test_every_fault_of_what_is_shown_is_found(sound, chromium, scheme, media, faults):
    missed = {}
    with Viewer(chromium) as viewer:
        page = viewer.show(sound, 390, scheme, media)
        for name, fault in faults.items():
            page.set_content(faulty(fault))
            complaints = page.evaluate(FACTS)["complaints"]
            if not begins(complaints, fault):
                missed[name] = complaints
    assert missed == {}


def test_every_fault_of_a_file_is_found(sound, chromium):
    page = sound.with_name("faulty.html")
    text = SOUND
    for fault in FAULTS_OF_FILES.values():
        text = faulty(fault, text)
    page.write_text(text, encoding="utf-8")
    complaints = check_page(page, chromium, [(390, "light")])
    missed = {name for name, fault in FAULTS_OF_FILES.items() if not begins(complaints, fault)}
    assert missed == set(), "\n".join(complaints)


def test_a_complaint_says_where_it_was_seen(sound, chromium):
    page = sound.with_name("wide.html")
    page.write_text(faulty(FAULTS["wide"]), encoding="utf-8")
    assert check_page(page, chromium, [(390, "dark"), (1000, "light")]) == [
        f"scrolls sideways, {state}: 608 px in 390 px (390 px dark)"
        for state in ("closed", "opened")
    ]


@pytest.mark.parametrize(
    ("environment", "outcome"), [({}, pytest.skip.Exception), ({"CI": "1"}, pytest.fail.Exception)]
)
def test_no_browser_is_a_fault_where_nobody_would_notice(monkeypatch, environment, outcome):
    monkeypatch.setattr(shutil, "which", lambda name: None)
    monkeypatch.setattr(os, "environ", environment)
    with pytest.raises(outcome, match="apt-get install chromium"), launched():
        pass


# -- the page of a run ------------------------------------------------------------------------


@pytest.fixture(scope="module")
def reference(tmp_path_factory) -> Path:
    """The page of the reference study, as it is drawn now."""
    directory = tmp_path_factory.mktemp("reference") / "people"
    shutil.copytree(ROOT / "reports" / "reference" / "people", directory)
    return write_report(Overview(study.load(directory)))


def test_the_page_of_a_run_is_sound(reference, chromium):
    complaints = check_page(reference, chromium)
    assert complaints == [], "\n".join(complaints)


def test_the_page_prints_on_several_sheets(reference, chromium):
    with Viewer(chromium) as viewer:
        assert printed_pages(viewer.show(reference, scheme="dark")) > 1


def test_a_table_unfolds_by_the_keyboard(reference, chromium):
    with Viewer(chromium) as viewer:
        page = viewer.show(reference)
        folded = "details:not([open]) > summary"
        assert page.locator(folded).count() > 3
        at_folded = f"document.activeElement.matches('{folded}')"
        while not page.evaluate(at_folded):
            page.keyboard.press("Tab")
            assert page.evaluate("document.activeElement !== document.body"), "none is reached"
        assert page.evaluate("getComputedStyle(document.activeElement).outlineStyle") != "none"
        page.keyboard.press("Enter")
        assert page.evaluate("document.activeElement.parentElement.open")
        assert page.locator(":focus + *").is_visible()


# -- names that strangers gave ----------------------------------------------------------------

SEEDS = 16

SCRIPT = "<script>window.ran = 1; alert(1)</script>"
PICTURE = "<img src=x onerror=window.ran=1;alert(1)>"
TEX = r"$\input{x}$ \end{tabular} %"
QUOTES = "\"; drop table runs; --' & `$(ls)`"
HEBREW = "גיל ומין"
ARABIC = "العمر"
OVERRIDE = "\u202eegami\u202c"
EMOJI = "👩🏽‍🔬🙂"
LONG = "x" * 200
TEMPLATE = "{{ 7 * 7 }}{% raw %} %s {0}"
ENDINGS = "</style></details>--> ]]>"
CONTROLS = "\x1b[31mred\x07\x9b"
TITLES = (f"{LONG} {ARABIC}", f"{SCRIPT} {OVERRIDE}")

# Control signs, and those that turn the direction of the text after them.
STEERING = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f\u202a-\u202e]")


def visible(text: str) -> str:
    """Text without steering signs, whatever stands for them, and signs that have no width."""
    kept = re.sub("[\ufffd\u00ad\u200b\u200e\u200f\u2066-\u2069]", "", STEERING.sub("", text))
    return " ".join(kept.split())


def hostile_recipe(recipe: DatasetRecipe) -> DatasetRecipe:
    """The people with a hostile name wherever a name can stand."""
    variables = [
        Binary(name=SCRIPT, type="binary", levels={QUOTES: -1.0, OVERRIDE: 1.0}),
        Numeric(name=PICTURE, type="numeric", divisor=100.0, unit=TEX),
        OneHot(name=HEBREW, type="one-hot", levels=[ARABIC, EMOJI, LONG]),
        OneHot(name=TEX, type="one-hot", levels=[TEMPLATE, ENDINGS, CONTROLS]),
    ]
    claim = recipe.claim.model_copy(update={"name": PICTURE})
    others = [
        claim.model_copy(update={"name": SCRIPT, "rank": None, "above": f"{HEBREW}={LONG}"}),
        claim.model_copy(update={"name": f"{TEX}={CONTROLS}", "rank": None, "top": 3}),
        claim.model_copy(update={"name": f"{HEBREW}={ARABIC}", "rank": None, "share": 0.3}),
    ]
    return recipe.model_copy(
        update={
            "title": f"{SCRIPT} {EMOJI} {LONG}",
            "source": f"{PICTURE} {TEX} {HEBREW} {OVERRIDE} {ENDINGS}",
            "variables": variables,
            "target": recipe.target.model_copy(update={"name": QUOTES, "unit": PICTURE}),
            "claim": claim,
            "claims": others,
        }
    )


@pytest.fixture(scope="module")
def hostile(tmp_path_factory, people) -> Path:
    """The page of a made run, all of whose names are hostile."""
    recipe = hostile_recipe(people.recipe)
    DatasetRecipe.model_validate_json(recipe.model_dump_json())
    mlp = shipped("mlp")
    models = {
        "transformer": mlp.model_copy(update={"title": TITLES[0]}),
        PICTURE: mlp.model_copy(update={"title": TITLES[1]}),
    }
    generator = np.random.default_rng(5)
    scores, histories = {}, {}
    for model in models:
        for condition in ("real", "shuffled", "untrained"):
            trained = condition != "untrained"
            scores[model, condition] = {
                method: generator.gamma(2, size=(SEEDS, 4 if method == GROUPED_PERMUTATION else 8))
                for method in DEFAULT_METHODS
                if trained or method != TRAINING_GRADIENT
            }
            if trained:
                losses = 2 + np.cumsum(-generator.uniform(0, 0.04, (SEEDS, 51)), axis=1)
                histories[model, condition] = losses, generator.gamma(2, size=(SEEDS, 10, 8))
        for vectors in scores[model, "real"].values():
            vectors[:, 1] += 4
    directory = tmp_path_factory.mktemp("hostile") / '"; drop & <b>%20#?x'
    traits = [(feature, 0.3, 0.1) for feature in recipe.features]
    results = made_run(
        directory,
        recipe,
        scores,
        r_squared={PICTURE: [0.1, *[0.9] * (SEEDS - 1)]},
        traits=traits,
        dataset=QUOTES,
        models=models,
        histories=histories,
    )
    return write_report(Overview(results))


def test_hostile_names_spoil_no_page(hostile, chromium):
    complaints = check_page(hostile, chromium, [(390, "light"), (1440, "dark")])
    assert complaints == [], "\n".join(complaints)


def test_hostile_names_are_shown_as_text(hostile, chromium, people):
    recipe = hostile_recipe(people.recipe)
    names = [recipe.title, recipe.source, recipe.target.name, recipe.target.unit]
    names += [variable.name for variable in recipe.variables]
    names += recipe.features
    names += TITLES
    with Viewer(chromium) as viewer:
        page = viewer.show(hostile)
        text = page.locator("body").text_content()
        assert page.evaluate("window.ran") is None
        assert page.locator("script, img[src=x], [onerror], body style").count() == 0
        assert viewer.heard == []
        assert set(STEERING.findall(page.content())) == set()
    missing = [name for name in names if visible(name) not in visible(text)]
    assert missing == [], missing


def test_hostile_names_do_nothing_in_drawings(hostile, chromium):
    drawings = sorted((hostile.parent / "figures").glob("*.svg"))
    assert drawings
    with Viewer(chromium) as viewer:
        for drawing in drawings:
            page = viewer.show(drawing)
            assert page.evaluate("document.documentElement.localName") == "svg", drawing
            assert page.evaluate("window.ran") is None
            assert page.locator("script, a, [onerror]").count() == 0
            assert viewer.heard == []


def test_hostile_names_name_no_files(hostile):
    files = [path for path in hostile.parent.rglob("*") if path.is_file()]
    assert len(files) > 20
    assert [path.name for path in files if not re.fullmatch(r"[a-z-]+\.[a-z]+", path.name)] == []
