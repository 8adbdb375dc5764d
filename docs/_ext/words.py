"""Keeps options in one piece: a browser may break a line after each hyphen of `--reject`."""

from __future__ import annotations

import re
from typing import Any

from sphinx.application import Sphinx

OPTION = re.compile(r'<span class="pre">(--?[a-z][\w-]{0,24})</span>')


def mark(_app: Sphinx, _page: str, _template: str, context: dict[str, Any], _doctree: Any) -> None:
    if "body" in context:
        context["body"] = OPTION.sub(r'<span class="pre option">\1</span>', context["body"])


def setup(app: Sphinx) -> dict[str, Any]:
    app.connect("html-page-context", mark)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
