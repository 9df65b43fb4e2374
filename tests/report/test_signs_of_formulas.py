"""Dollar signs and backslashes in names are signs, wherever they are shown; so is what Markdown reads."""

import html
import re
from html.parser import HTMLParser

import matplotlib.pyplot as plt
import pytest
from imported import CASES, imported, run_of_names
from matplotlib.text import Text

NAMES = {
    "money": ["price ($)", "cost ($/m^2)", "$x_1$", "age"],
    "backslashes": [r"a \(b\)", r"\[c\]", r"\begin{x}", r"d\$e$"],
    "markdown": ["*a* _b_ `c`", "[d](e) ![f](g)", "<b>h</b> & |i|", "~~j~~ # k"],
}


class Texts(HTMLParser):
    """The texts between the tags of HTML, each by itself."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.found: list[str] = []
        self.tags: set[str] = set()
        self.feed(text)
        self.close()

    def handle_starttag(self, tag, attributes):
        self.tags.add(tag)

    def handle_data(self, data):
        self.found.append(data)


def formulas(texts: list[str]) -> list[str]:
    """Texts in which MathJax begins a formula or undoes an escape: none reaches over a tag."""
    return [text for text in texts if re.search(r"\$.*\$|\\.", text, re.DOTALL)]


def as_html(markdown: str) -> str:
    """Markdown of escaped text without its escapes, as CommonMark has them (0.31, section 2.4)."""
    return re.sub(r"\\([!-/:-@\[-`{-~])", r"\1", markdown)


@pytest.fixture(scope="module", params=["given", *NAMES])
def run(request, tmp_path_factory):
    """A run of the given case, or of four other names of one kind."""
    directory = tmp_path_factory.mktemp("signs")
    if request.param == "given":
        return imported(directory, CASES / "13-dollar.csv", "income ($) rank 1 in 0.8")
    return run_of_names(directory, NAMES[request.param], seed=4)


def test_the_check_finds_formulas():
    assert formulas(Texts("<p>$a$</p><td>b \\(c\\)</td>").found) == ["$a$", "b \\(c\\)"]
    assert formulas(Texts("<p><span>$</span>a<span>$</span></p>$").found) == []


def test_a_notebook_shows_names_as_they_are(run):
    shown = [run._repr_html_()]
    shown += [run.displays[name]._repr_html_() for name in ("claimed-share", "importance-shap")]
    shown += [run.table(name)._repr_html_() for name in ("claim", "importance-features", "flips-features")]  # fmt: skip
    texts = [Texts(of) for of in shown]
    for of in texts:
        assert formulas(of.found) == []
        assert not {"em", "a", "i", "code"} & of.tags
    for place in (0, 1, 3):
        assert run.recipe.claim.name in "".join(texts[place].found)
    for name in run.features:
        assert name in "".join(texts[4].found)


def test_markdown_shows_names_as_they_are(run):
    """Also where formulas are looked for in the HTML that it becomes, as in JupyterLab."""
    markdown = run.table("importance-features").markdown()
    # Before and after the escapes are gone.
    assert not re.search(r"(?<!\\)\$|\\\\[(\[]", markdown)
    of = Texts(as_html(markdown))
    assert formulas(of.found) == []
    assert of.tags <= {"span"}
    for name in run.features:
        assert name in "".join(of.found)
    # Nothing that could be read as a mark is left without its escape, but for the table's own.
    cells = [line.split(" | ")[1] for line in markdown.splitlines() if line.startswith("| shap")]
    bare = [re.sub(r"\\[!-/:-@\[-`{-~]|</?span>|&\w+;", "", cell) for cell in cells]
    assert not any(re.search(r"[\\`*_{}\[\]()#+!|~$<>&]", cell) for cell in bare), bare
    assert [html.unescape(re.sub(r"</?span>", "", as_html(cell))).strip() for cell in cells] == run.features  # fmt: skip


def test_a_figure_shows_names_as_they_are(run):
    """Also in a figure of the user's own, and after it is drawn outside of ours."""
    for display in run.displays.values():
        figure, axes = plt.subplots(1, 2, squeeze=False)
        part = display.plot(axes[0, 0])
        own = display.sketch()
        figure.canvas.draw()
        own.canvas.draw()
        texts = [*part.findobj(Text), *own.findobj(Text)]
        assert not [text.get_text() for text in texts if "$" in text.get_text() and text.get_parse_math()]  # fmt: skip
        plt.close(figure)
