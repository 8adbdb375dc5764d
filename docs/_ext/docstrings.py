"""Lets docstrings be read as they are written: |x| is a norm, sigma**2 a square, and the type of an attribute a few words.

reStructuredText would take these for a substitution, for the beginning of bold text, and for names to link to.
"""

from __future__ import annotations

import re
from typing import Any

from sphinx.application import Sphinx


def escape(_app: Sphinx, _what: str, _name: str, _obj: Any, _options: Any, lines: list[str]) -> None:
    literal = False
    for n, line in enumerate(lines):
        if line.strip() and not line.startswith(" "):
            literal = False
        if not literal and not line.lstrip().startswith((">>>", "...")):
            lines[n] = re.sub(r"(?:(?<=[\w)\]])|(?<=, ))\*\*(?=[\w(])", r"\\*\\*", line.replace("|", r"\|"))
        if line.rstrip().endswith("::"):
            literal = True


def plain(_app: Sphinx, _what: str, _name: str, _obj: Any, _options: Any, lines: list[str]) -> None:
    for n, line in enumerate(lines):
        found = re.match(r"(:vartype [\w, ]+: )(.+)$", line)
        if found:
            lines[n] = f"{found[1]}*{found[2].replace('*', chr(92) + '*')}*"


def setup(app: Sphinx) -> dict[str, Any]:
    # Before napoleon, which makes lists of the sections.
    app.connect("autodoc-process-docstring", escape, priority=100)
    app.connect("autodoc-process-docstring", plain, priority=900)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
