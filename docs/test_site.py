"""Checks the site as it was built: it asks for nothing from elsewhere, and no link inside it is broken.

`./check --docs` runs this. The folder of the site is in `SITE`.
"""

from __future__ import annotations

import os
import re
from html.parser import HTMLParser
from pathlib import Path
from urllib.parse import unquote, urlsplit

import pytest

SITE = Path(os.environ.get("SITE", Path(__file__).parents[1] / "target" / "site"))
#: Pages that other programs wrote: rustdoc checks its own links, and those of the explorer are its states.
FOREIGN = {"rust", "explorer.html"}

#: Attributes with which a page loads something, by element.
LOADS = {
    "script": ["src"],
    "img": ["src", "srcset"],
    "source": ["src", "srcset"],
    "iframe": ["src"],
    "video": ["src", "poster"],
    "audio": ["src"],
    "object": ["data"],
    "embed": ["src"],
    "image": ["href", "xlink:href"],
    "use": ["href", "xlink:href"],
    "form": ["action"],
}
#: Kinds of `link` that load nothing.
IDLE = {"canonical", "next", "prev", "author", "license", "search", "index", "copyright", "alternate", "up", "genindex"}


class Page(HTMLParser):
    """What a page loads, links to and can be linked at."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.loads: list[str] = []
        self.links: list[str] = []
        self.anchors: set[str] = set()
        self._style = False
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = {name: value or "" for name, value in attrs}
        self.anchors.update(given[name] for name in ("id", "name") if given.get(name))
        self.loads += [given[name] for name in LOADS.get(tag, []) if given.get(name)]
        if tag == "link" and not set(given.get("rel", "").split()) <= IDLE:
            self.loads.append(given.get("href", ""))
        if tag == "a" and given.get("href"):
            self.links.append(given["href"])
        self.loads += css(given.get("style", ""))
        self._style = tag == "style"

    def handle_data(self, data: str) -> None:
        if self._style:
            self.loads += css(data)

    def handle_endtag(self, tag: str) -> None:
        self._style = False


def css(text: str) -> list[str]:
    """What a style sheet loads."""
    return re.findall(r"url\(\s*['\"]?([^'\")]+)", text) + re.findall(r"@import\s+['\"]([^'\"]+)", text)


def is_elsewhere(address: str) -> bool:
    return bool(re.match(r"(?:[a-z]+:)?//", address, re.IGNORECASE))


@pytest.fixture(scope="session")
def pages() -> dict[Path, Page]:
    found = sorted(SITE.rglob("*.html"))
    assert len(found) > 50, f"expected a site in {SITE}, found {len(found)} pages; build it with ./check --docs"
    return {path: Page(path.read_text(encoding="utf-8")) for path in found}


def test_nothing_is_loaded_from_elsewhere(pages: dict[Path, Page]) -> None:
    wrong = [
        f"{path.relative_to(SITE)}: {address}"
        for path, page in pages.items()
        for address in page.loads
        if is_elsewhere(address)
    ]
    for sheet in SITE.rglob("*.css"):
        wrong += [f"{sheet.relative_to(SITE)}: {a}" for a in css(sheet.read_text(encoding="utf-8")) if is_elsewhere(a)]
    assert not wrong, "\n".join(wrong)


def test_scripts_ask_for_nothing_from_elsewhere() -> None:
    """An address in a script must be a comment, a namespace or a link that is shown."""
    asks = re.compile(
        r"""(?:fetch|importScripts|import|open|src\s*=|XMLHttpRequest[^;]{0,80})\s*\(?\s*["'`](?:https?:)?//"""
    )
    found = {
        p.relative_to(SITE): m[0] for p in SITE.rglob("*.js") for m in [asks.search(p.read_text(encoding="utf-8"))] if m
    }
    assert not found, found


def test_links_inside_lead_somewhere(pages: dict[Path, Page]) -> None:
    broken = []
    for path, page in pages.items():
        if path.relative_to(SITE).parts[0] in FOREIGN:
            continue
        for link in page.links:
            parts = urlsplit(link)
            if parts.scheme or parts.netloc:
                continue
            target = (path.parent / unquote(parts.path)).resolve() if parts.path else path
            if target.is_dir():
                target /= "index.html"
            anchor = unquote(parts.fragment)
            if not target.exists():
                broken.append(f"{path.relative_to(SITE)}: {link}")
            elif anchor and target in pages and anchor not in pages[target].anchors:
                broken.append(f"{path.relative_to(SITE)}: {link} (no such place)")
    assert not broken, "\n".join(broken)


def test_links_elsewhere_are_listed(pages: dict[Path, Page]) -> None:
    """They are written to a file, and not followed: a site must be built offline."""
    own = {p: page for p, page in pages.items() if p.relative_to(SITE).parts[0] not in FOREIGN}
    elsewhere = sorted({link for page in own.values() for link in page.links if is_elsewhere(link)})
    (SITE / "links-elsewhere.txt").write_text("".join(f"{link}\n" for link in elsewhere), encoding="utf-8")
    assert all(link.startswith("https://") for link in elsewhere), [
        e for e in elsewhere if not e.startswith("https://")
    ]


def test_every_script_is_a_notebook_too(pages: dict[Path, Page]) -> None:
    scripts = sorted(path.stem for path in (Path(__file__).parents[1] / "examples").glob("plot_*.py"))
    assert len(scripts) >= 15
    for name in scripts:
        links = pages[SITE / "gallery" / f"{name}.html"].links
        assert any(link.endswith(f"{name}.ipynb") for link in links), name
        assert any(link.endswith(f"{name}.py") for link in links), name


#: What is there only after the site was built.
WRITTEN = re.compile(r"gallery/|reference/commands/|reference/api/")


def test_links_between_files_lead_somewhere() -> None:
    """Pages can be read as files, too."""
    root = Path(__file__).parents[1]
    pages = [p for p in [*root.glob("*.md"), *(root / "docs").rglob("*.md")]]
    broken = []
    for page in pages:
        text = re.sub(r"^```.*?^```", "", page.read_text(encoding="utf-8"), flags=re.MULTILINE | re.DOTALL)
        for link in re.findall(r"\]\(<?([^)\s>]+)>?\)", re.sub(r"`[^`\n]*`", "", text)):
            path = link.partition("#")[0]
            if re.match(r"[a-z]+:", link) or not path:
                continue
            target = (page.parent / path).resolve()
            if not target.exists() and not WRITTEN.match(str(target.relative_to(root / "docs"))):
                broken.append(f"{page.relative_to(root)}: {link}")
    assert not broken, "\n".join(broken)


def test_every_picture_says_what_it_shows() -> None:
    """A picture without a text is nothing to a reader who cannot see it."""
    pages = [p for p in (Path(__file__).parent).rglob("*.md")]
    empty = [f"{p.name}: {m}" for p in pages for m in re.findall(r"!\[\]\([^)]*\)", p.read_text(encoding="utf-8"))]
    assert not empty, empty
