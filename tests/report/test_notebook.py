"""A run in a notebook: its card, its displays and its tables."""

import html
import xml.etree.ElementTree as ElementTree
from html.parser import HTMLParser
from urllib.parse import unquote

import numpy as np
import pytest
from conftest import made_run, shipped, whole_run

import study
from study.analysis.overview import Overview
from study.common.errors import InputError
from study.common.methods import DEFAULT_METHODS
from study.report import page
from study.report.figures.display import Display, Drawings
from study.report.figures.registry import all_displays
from study.report.tables.registry import TABLES

NAME = '<img src=x onerror="alert(1)">'
TITLE = "<script>alert(1)</script> & 'q' גיל"
VOID = {"img", "br", "hr", "source", "meta", "link"}


class Sound(HTMLParser):
    """HTML in which every element is closed, in its turn; its tags and its text."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.open: list[str] = []
        self.tags: list[str] = []
        self.images: list[dict[str, str]] = []
        self.shown = ""
        self.feed(text)
        self.close()
        assert self.open == []

    def handle_starttag(self, tag, attributes):
        self.tags.append(tag)
        if tag == "img":
            self.images.append(dict(attributes))
        if tag not in VOID:
            self.open.append(tag)

    def handle_endtag(self, tag):
        assert self.open.pop() == tag

    def handle_data(self, data):
        self.shown += data


@pytest.fixture(scope="module")
def run(tmp_path_factory, people):
    """A run with hostile names, loaded as a person loads it; one network of the MLP fits badly."""
    variables = list(people.recipe.variables)
    variables[1] = variables[1].model_copy(update={"name": NAME})
    recipe = people.recipe.model_copy(
        update={
            "title": TITLE,
            "variables": variables,
            "claim": people.recipe.claim.model_copy(update={"name": NAME}),
        }
    )
    models = {"transformer": shipped("mlp").model_copy(update={"title": TITLE}), "mlp": shipped("mlp")}  # fmt: skip
    directory = tmp_path_factory.mktemp("notebook")
    whole_run(directory, recipe, models, seeds=8)
    return study.load(directory)


def test_the_card_of_a_run(run):
    text = run._repr_html_()
    card = Sound(text)
    shown = " ".join(card.shown.split())
    assert not {"script", "img", "style", "link"} & set(card.tags)
    assert f"{TITLE}: does “{NAME} has rank 1” hold?" in shown
    score = run.vectors("transformer", "real", "training-gradient", "feature").score
    met = int((score.argmax(axis=1) == 1).sum())
    assert f"{NAME} has rank 1 in {met} of 8 seeds" in shown
    for question in ("For other rows of the same kind", "Above chance", "Trained again on"):
        assert question in shown
    assert f"Run {run.identity}" in shown
    for name in (*run.displays, *TABLES):
        assert name in shown
    assert run.warnings
    for warning in run.warnings:
        assert warning.code in shown
        assert " ".join(warning.evidence.split()) in shown
    assert "nan" not in shown.split()


@pytest.mark.parametrize("name", ["verdict", "claimed-share", "flips-features"])
def test_a_display_shows_itself(run, name):
    display = run.displays[name]
    shown = Sound(display._repr_html_())
    (image,) = shown.images
    assert image["alt"] == display.alternative
    assert set(shown.tags) == {"figure", "img", "figcaption", "b"}
    assert shown.shown == f"{display.title}. {display.reading}"
    head, drawing = image["src"].split(",", 1)
    assert head == "data:image/svg+xml"
    assert ElementTree.fromstring(unquote(drawing)).tag.endswith("}svg")


@pytest.mark.parametrize("name", ["claim", "importance-features", "seeds", "warnings"])
def test_a_table_shows_itself(run, name):
    table = run.table(name)
    shown = Sound(table._repr_html_())
    assert not {"script", "img"} & set(shown.tags)
    assert shown.shown.startswith(table.caption)
    assert table.notes in shown.shown
    assert table.frame() is table.data
    if name == "importance-features":
        assert NAME in shown.shown
        assert html.escape(NAME, quote=False) in table._repr_html_()


def test_every_display_has_its_numbers_and_its_figure(run):
    for name, display in run.displays.items():
        frame = display.frame()
        assert len(frame) > 0, name
    for name in ("fit", "seeds"):
        figure = run.displays[name].plot()
        assert figure._repr_png_().startswith(b"\x89PNG")
        assert figure.axes


def test_a_table_of_those_that_have_learned(run):
    everything, learned = run.table("claim"), run.table("claim", learned=True)
    assert learned.notes.startswith("Only seeds that have learned.")
    assert not everything.notes.startswith("Only seeds")
    count = {
        table: int(of.data.set_index(["model", "method", "condition"]).loc[("mlp", "gradient", "real"), "n"])
        if "condition" in of.data
        else int(of.data.set_index(["model", "method"]).loc[("mlp", "gradient"), "n"])
        for table, of in (("all", everything), ("learned", learned))
    }  # fmt: skip
    fits = run.fits
    own = fits[
        (fits["model"] == "mlp")
        & (fits["condition"] == "real")
        & (fits["part"] == "train")
        & (fits["evaluation"] == "alone")
    ]["r_squared"].astype(float)
    assert count == {"all": 8, "learned": int((own >= 0.8 * 0.9).sum())}
    assert count["learned"] < 7


def test_displays_of_those_that_have_learned_are_others(run):
    """Whatever was asked for first, nothing of the one shows in the other."""
    before = run.displays["seeds"].frame(), run.displays["claim"].frame()
    learned = Overview(run).learned
    chosen = all_displays(learned)
    kept = chosen["seeds"].frame()
    assert kept["learned"].all()
    assert len(kept) < len(before[0])
    real = chosen["claim"].frame().query("model == 'mlp' and condition == 'real'")
    assert real["n"].tolist() == [int((kept["model"] == "mlp").sum())] * len(DEFAULT_METHODS)
    assert run.displays["seeds"].frame() is before[0]
    verdict = learned.results.displays["verdict"].alternative
    assert verdict == chosen["verdict"].alternative


def test_what_there_is_not(run):
    with pytest.raises(InputError, match="no table 'nothing': 'study table --list'"):
        run.table("nothing")
    with pytest.raises(InputError, match="no run there"):
        study.load(run.directory / "nowhere")


def test_a_run_without_parts_and_history_has_a_page_without_them(tmp_path, people, monkeypatch):
    """As an earlier version stored it."""
    scores = {("transformer", "real"): {"gradient": np.random.default_rng(0).gamma(2, size=(4, 8))}}
    made_run(tmp_path, people.recipe, scores)
    run = study.load(tmp_path)
    assert run.parts.empty
    assert run.parts.columns.tolist() == ["part", "rows", "deviation"]
    assert run.history.empty
    assert run.history.columns.tolist()[:3] == ["started", "asked", "networks"]
    assert "training" not in run.displays
    none = Drawings(b"", "<svg/>", "<svg/>")
    monkeypatch.setattr(Display, "drawings", lambda _: none)
    text = page.write_report(Overview(run)).read_text()
    assert "Training rows" not in text
    assert "When it was made" not in text
    assert "What was run" in text
