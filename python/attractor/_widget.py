"""The explorer as a widget of anywidget, whose state follows the page."""

from __future__ import annotations

from pathlib import Path

import anywidget
import traitlets

from ._explorer import Explorer


class ExplorerWidget(Explorer, anywidget.AnyWidget):
    """An `Explorer` whose `state` is that of the page, both ways, in every view of it."""

    _esm = Path(__file__).with_name("_widget.js").read_text(encoding="utf-8")
    _page = traitlets.Unicode().tag(sync=True)
    state = traitlets.Unicode().tag(sync=True)

    def __init__(self, page: str, state: str = "") -> None:
        anywidget.AnyWidget.__init__(self, _page=page, state=state)

    @traitlets.validate("state")
    def _without_mark(self, proposal: traitlets.Bunch) -> str:
        return str(proposal.value).removeprefix("#")

    def _repr_html_(self) -> None:
        """None: a notebook shows the widget, and holds the page once."""
        return None
