"""Pages in a real browser: what every page of this project has to be."""

import os
import re
import shutil
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from urllib.parse import unquote, urlsplit

import pytest
from playwright.sync_api import Browser, ConsoleMessage, Dialog, Page, Request, sync_playwright

# Window widths in px and colour schemes. Where things stand does not depend on the scheme.
VIEWS = (
    (390, "light"),
    (1000, "light"),
    (1440, "light"),
    (390, "dark"),
)
# A4 within margins of 20 mm, at 96 px to the inch.
PRINTED_WIDTH = 643
FACTS = (Path(__file__).parent / "page_facts.js").read_text(encoding="utf-8")

_NAMES = ("chromium", "chromium-browser", "google-chrome", "chrome")
_ARGUMENTS = (
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-quic",
    "--disable-sync",
    "--host-resolver-rules=MAP * ~NOTFOUND",
    "--no-first-run",
)


@contextmanager
def launched() -> Iterator[Browser]:
    """Headless Chromium. The test is skipped where there is none; with CI set, it fails."""
    found = next(filter(None, map(shutil.which, _NAMES)), None)
    if found is None:
        reason = "no Chromium: install Debian's package chromium (apt-get install chromium)"
        if os.environ.get("CI"):
            pytest.fail(reason)
        pytest.skip(reason)
    # Chromium refuses to run its sandbox as root.
    sandbox = ["--no-sandbox"] if os.geteuid() == 0 else []
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=found, args=[*_ARGUMENTS, *sandbox])
        try:
            yield browser
        finally:
            browser.close()


class Viewer:
    """A tab of a browser, which hears what a page does. Use as a context manager.

    page : the tab; heard : complaints about the page that was shown last, while it is shown
    """

    def __init__(self, browser: Browser, *, scripts: bool = True) -> None:
        self.heard: list[str] = []
        self._context = browser.new_context(offline=True, java_script_enabled=scripts)
        self.page = self._context.new_page()
        self.page.on("request", self._on_request)
        self.page.on("console", self._on_console)
        self.page.on("dialog", self._on_dialog)
        self.page.on("pageerror", lambda error: self.heard.append(f"error: {error}"))

    def __enter__(self) -> "Viewer":
        return self

    def __exit__(self, *_: object) -> None:
        self._context.close()

    def show(
        self, path: Path, width: int = 1000, scheme: str = "light", media: str = "screen"
    ) -> Page:
        """A file, loaded anew in a window of so many px."""
        self.page.set_viewport_size({"width": width, "height": 900})
        self.page.emulate_media(media=media, color_scheme=scheme)
        self._path = path.resolve()
        self.heard.clear()
        self.page.goto(self._path.as_uri())
        return self.page

    def _on_request(self, request: Request) -> None:
        address = urlsplit(request.url)
        own = address.scheme == "file" and unquote(address.path) == str(self._path)
        if not own and address.scheme != "data":
            self.heard.append(f"request: {request.url[:100]}")

    def _on_console(self, message: ConsoleMessage) -> None:
        if message.type in ("error", "warning"):
            self.heard.append(f"console {message.type}: {message.text}")

    def _on_dialog(self, dialog: Dialog) -> None:
        self.heard.append(f"dialog: {dialog.message}")
        dialog.dismiss()


def check_page(path: Path, browser: Browser, views: Sequence[tuple[int, str]] = VIEWS) -> list[str]:
    """Everything that is wrong with a page, each with where it was seen.

    It is looked at in every view, printed from either colour scheme, and without JavaScript.
    """
    seen: dict[str, list[str]] = {}
    texts = {}
    with Viewer(browser) as viewer:
        for width, scheme in views:
            found = viewer.show(path, width, scheme).evaluate(FACTS)
            texts[width, scheme] = found["text"]
            for complaint in dict.fromkeys([*viewer.heard, *found["complaints"]]):
                seen.setdefault(complaint, []).append(f"{width} px {scheme}")
        for scheme in ("light", "dark"):
            found = viewer.show(path, PRINTED_WIDTH, scheme, "print").evaluate(FACTS)
            for complaint in dict.fromkeys([*viewer.heard, *found["complaints"]]):
                seen.setdefault(complaint, []).append(f"printed {scheme}")
    with Viewer(browser, scripts=False) as viewer:
        if viewer.show(path, *views[0]).evaluate("document.body.innerText") != texts[views[0]]:
            seen["other text without JavaScript"] = ["anywhere"]
    for complaint in _lost_files(path, found["links"]):
        seen[complaint] = ["anywhere"]
    return [f"{complaint} ({', '.join(places)})" for complaint, places in seen.items()]


def printed_pages(page: Page) -> int:
    """How many sheets of A4 a page takes."""
    return len(re.findall(rb"/Type\s*/Page\b", page.pdf(format="A4")))


def _lost_files(path: Path, links: Sequence[str]) -> Iterator[str]:
    for link in dict.fromkeys(links):
        address = urlsplit(link)
        if address.scheme not in ("", "http", "https", "mailto", "data"):
            yield f"link that is no address: {link}"
        own = address.path and not address.scheme
        if own and not (path.parent / unquote(address.path)).is_file():
            yield f"link to no file: {link}"
