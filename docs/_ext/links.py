"""Leads links to files outside this folder, which a reader of the files follows, to their pages on the site."""

from __future__ import annotations

import re
from typing import Any

from sphinx.application import Sphinx

#: Files of the tree, and the pages that have them. A script of the gallery has a page of its own.
PAGES = {
    "CONTRIBUTING.md": "reference/contributing.md",
    "CHANGELOG.md": "reference/changes.md",
    "bench/README.md": "trust/comparisons.md",
}


def lead(_app: Sphinx, name: str, source: list[str]) -> None:
    here = "../" * name.count("/")

    def page(link: re.Match[str]) -> str:
        up, path = link[1].count("../"), link[2]
        # A link leaves this folder if it goes up once more than the page lies deep.
        if up != name.count("/") + 1:
            return link[0]
        script = re.fullmatch(r"examples/(plot_\w+)\.py", path)
        to = f"gallery/{script[1]}.rst" if script else PAGES.get(path)
        return link[0] if to is None else f"]({here}{to})"

    source[0] = re.sub(r"\]\(((?:\.\./)+)([\w./-]+)\)", page, source[0])


def setup(app: Sphinx) -> dict[str, Any]:
    app.connect("source-read", lead)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
