"""Makes text fit: options stay in one piece, and tables of text become lists on a narrow page.

A browser may break a line after each hyphen of `--reject`. And a table of sentences in four columns cannot be read on a phone, so it
gets a class by which the style sheet knows it.
"""

from __future__ import annotations

import re
from typing import Any

from docutils import nodes
from sphinx.application import Sphinx

OPTION = re.compile(r'<span class="pre">(--?[a-z][\w-]{0,24})</span>')


def mark(_app: Sphinx, _page: str, _template: str, context: dict[str, Any], _doctree: Any) -> None:
    if "body" in context:
        context["body"] = OPTION.sub(r'<span class="pre option">\1</span>', context["body"])


#: A cell of more letters than this is a sentence. A table with one in half of its rows is one of text.
SENTENCE = 60


def sort(_app: Sphinx, doctree: nodes.document) -> None:
    for table in doctree.findall(nodes.table):
        rows = [row for body in table.findall(nodes.tbody) for row in body.findall(nodes.row)]
        long = [any(len(entry.astext()) > SENTENCE for entry in row.findall(nodes.entry)) for row in rows]
        if 2 * sum(long) >= len(rows):
            table["classes"].append("prose")


def setup(app: Sphinx) -> dict[str, Any]:
    app.connect("doctree-read", sort)
    app.connect("html-page-context", mark)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
