"""Copies the documentation of the crates, as `cargo doc` has written it, beside the site."""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import Any

from sphinx.application import Sphinx


def copy(app: Sphinx, error: Exception | None) -> None:
    if error is None and app.tags.has("rustdoc"):
        shutil.copytree(Path(app.confdir).parent / "target" / "doc", Path(app.outdir) / "rust", dirs_exist_ok=True)


def setup(app: Sphinx) -> dict[str, Any]:
    if (Path(app.confdir).parent / "target" / "doc" / "attractor" / "index.html").is_file():
        app.tags.add("rustdoc")
    app.connect("build-finished", copy)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
