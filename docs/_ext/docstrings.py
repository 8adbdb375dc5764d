"""Lets docstrings write |x| for a norm, which reStructuredText would take for a substitution."""

from __future__ import annotations

from typing import Any

from sphinx.application import Sphinx


def escape(_app: Sphinx, _what: str, _name: str, _obj: Any, _options: Any, lines: list[str]) -> None:
    literal = False
    for n, line in enumerate(lines):
        if line.strip() and not line.startswith(" "):
            literal = False
        if not literal and not line.lstrip().startswith((">>>", "...")):
            lines[n] = line.replace("|", r"\|")
        if line.rstrip().endswith("::"):
            literal = True


def setup(app: Sphinx) -> dict[str, Any]:
    # Before napoleon, which makes lists of the sections.
    app.connect("autodoc-process-docstring", escape, priority=100)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
