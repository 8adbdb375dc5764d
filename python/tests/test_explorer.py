"""The explorer of a memory: what is in the page, and what is refused."""

from __future__ import annotations

import html
import importlib.util
import json
import re
from pathlib import Path
from typing import Any

import attractor
import numpy as np
import pytest

PLACE = re.compile(r'<script type="application/json" id="memory">(.*?)</script>', re.DOTALL)


def written(page: str) -> dict[str, Any]:
    """The memory that a page holds."""
    found = PLACE.search(page)
    assert found
    memory: dict[str, Any] = json.loads(found[1])
    return memory


def test_the_page_holds_patterns_and_labels() -> None:
    hostile = "</script><b>west</b>"
    memory = attractor.Diffusion([[0.9, 1 / 3], [-0.8, 0.4]], labels=["east", hostile])
    found = memory.explore()
    assert written(found.page)["points"] == [[0.9, 1 / 3], [-0.8, 0.4]]
    assert written(found.page)["labels"] == ["east", hostile]
    assert "<b>west" not in found.page


@pytest.fixture
def no_anywidget(monkeypatch: pytest.MonkeyPatch) -> None:
    """Python as it is where anywidget is not installed."""
    find = importlib.util.find_spec
    monkeypatch.setattr(importlib.util, "find_spec", lambda name: None if name == "anywidget" else find(name))


@pytest.mark.usefixtures("no_anywidget")
def test_a_notebook_shows_the_page_in_a_frame(tmp_path: Path) -> None:
    found = attractor.Modern([[1.0, 0.0], [0.0, 1.0]]).explore()
    frame = re.search(r'srcdoc="([^"]*)"', found._repr_html_() or "")
    assert frame and html.unescape(frame[1]) == found.page
    found.save(tmp_path / "page.html")
    assert (tmp_path / "page.html").read_text(encoding="utf-8") == found.page
    assert "characters" in repr(found)
    # The page begins with the state, which is text.
    found.state = 'lesson=cliff"><b>'
    assert '<meta name="attractor-state" content="lesson=cliff&quot;&gt;&lt;b&gt;">' in found.page
    # Whole or not at all.
    with pytest.raises(OSError, match="no folder"):
        found.save(tmp_path / "no folder" / "page.html")


def test_images_are_images() -> None:
    images = attractor.digits().images[:3]
    found = written(attractor.Diffusion(images).explore().page)
    assert (found["size"], found["raw"]) == ([8, 8], True)
    # Single precision of a scale of 0 to 1.
    assert np.allclose(np.array(found["rows"]), images.reshape(3, 64) / 255, atol=1e-6)
    words = np.where(np.eye(4) > 0, 1.0, -1.0).reshape(4, 2, 2)
    assert written(attractor.Hopfield(words).explore().page)["raw"] is False


def test_what_the_page_cannot_hold_is_refused() -> None:
    with pytest.raises(ValueError, match="2 units"):
        attractor.Diffusion(np.eye(3)).explore()
    with pytest.raises(ValueError, match="equal weight"):
        attractor.Diffusion([[1.0, 0.0], [0.0, 1.0]], weights=[1.0, 2.0]).explore()
    with pytest.raises(TypeError, match="memory of patterns"):
        attractor.Denoiser(lambda x, sigma: x, dim=2).explore()


def test_a_widget_whose_state_is_that_of_the_page(tmp_path: Path) -> None:
    pytest.importorskip("anywidget", reason="the widget needs anywidget")
    found: Any = attractor.Diffusion([[1.0, 0.0], [-1.0, 0.0]]).explore()
    assert isinstance(found, attractor.Explorer)
    # A notebook shows the widget alone: the page is in it once.
    shown, *_ = found._repr_mimebundle_()
    assert "application/vnd.jupyter.widget-view+json" in shown and "text/html" not in shown
    assert found._repr_html_() is None
    sent = found.get_state()
    assert written(sent["_page"])["points"] == [[1.0, 0.0], [-1.0, 0.0]]
    assert "render" in sent["_esm"]
    # As the page sends what was done in it.
    heard: list[str] = []
    found.observe(lambda change: heard.append(change.new), "state")
    found.set_state({"state": "sigma=0.3"})
    found.state = "#lesson=cliff"
    assert heard == ["sigma=0.3", "lesson=cliff"]
    found.save(tmp_path / "page.html")
    assert 'content="lesson=cliff"' in (tmp_path / "page.html").read_text(encoding="utf-8")
    with pytest.raises(Exception, match="state"):
        found.state = 3
