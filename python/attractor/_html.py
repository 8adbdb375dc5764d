"""Memories and recalls as pieces of HTML, for notebooks: facts, notes and small pictures, all inside the text."""

from __future__ import annotations

import base64
import html
import struct
import zlib
from collections.abc import Iterable, Sequence
from typing import Any

import numpy as np

from ._arrays import Array, Shape

#: So many pictures or rows are shown.
MOST = 12
#: Of larger memories no pictures are made, since all patterns would be copied for them.
ROOM = 1 << 24

_CELL = "text-align: left; padding: 0.15em 0.8em 0.15em 0; vertical-align: top"
_CAPTION = "font-size: 0.8em; text-align: center; padding: 0 0.2em"


def block(title: str, *parts: str) -> str:
    """A piece of a page with a heading."""
    return f"<div><p><strong>{html.escape(title)}</strong></p>{''.join(parts)}</div>"


def facts(rows: Iterable[tuple[str, Any]]) -> str:
    """A table of names and what belongs to them."""
    cells = "".join(
        f'<tr><th scope="row" style="{_CELL}">{html.escape(name)}</th><td style="{_CELL}">{html.escape(str(value))}</td></tr>'
        for name, value in rows
    )
    return f"<table>{cells}</table>" if cells else ""


def table(columns: Sequence[str], rows: Iterable[Sequence[Any]]) -> str:
    """A table with a header."""
    head = "".join(f'<th scope="col" style="{_CELL}">{html.escape(name)}</th>' for name in columns)
    body = "".join(
        "<tr>" + "".join(f'<td style="{_CELL}">{html.escape(str(cell))}</td>' for cell in row) + "</tr>" for row in rows
    )
    return f"<table><thead><tr>{head}</tr></thead><tbody>{body}</tbody></table>"


def sentences(notes: Iterable[str]) -> str:
    """Sentences as a list."""
    items = "".join(f"<li>{html.escape(note)}</li>" for note in notes)
    return f"<ul>{items}</ul>" if items else ""


def grid(rows: Sequence[tuple[str, Array]], names: Sequence[str], low: float, high: float) -> str:
    """Pictures of one scale: a row of the table for each row, with its name, and names below the columns."""
    lines = []
    for title, pictures in rows:
        cells = "".join(f'<td style="padding: 0.1em">{image(one, low, high, title)}</td>' for one in pictures)
        lines.append(f'<tr><th scope="row" style="{_CELL}">{html.escape(title)}</th>{cells}</tr>')
    below = "".join(f'<td style="{_CAPTION}">{html.escape(name)}</td>' for name in names)
    return f"<table>{''.join(lines)}<tr><td></td>{below}</tr></table>"


def image(values: Array, low: float, high: float, title: str) -> str:
    """A picture (H, W) or (H, W, 3) as an element that holds its data."""
    span = high - low if high > low else 1.0
    grey = np.rint(255 * np.clip((np.nan_to_num(values, nan=low) - low) / span, 0.0, 1.0)).astype(np.uint8)
    data = base64.b64encode(png(grey)).decode("ascii")
    return (
        f'<img alt="{html.escape(title, quote=True)}" width="56" style="image-rendering: pixelated; max-width: none" '
        f'src="data:image/png;base64,{data}">'
    )


def png(grey: Array) -> bytes:
    """A picture of bytes, grey (H, W) or in colours (H, W, 3), as a PNG file."""
    height, width = grey.shape[:2]

    def chunk(kind: bytes, data: bytes) -> bytes:
        return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))

    # Each line begins with the number of its filter: none.
    lines = np.concatenate([np.zeros((height, 1), np.uint8), grey.reshape(height, -1)], axis=1)
    header = struct.pack(">IIBBBBB", width, height, 8, 2 if grey.ndim == 3 else 0, 0, 0, 0)
    parts = chunk(b"IHDR", header), chunk(b"IDAT", zlib.compress(lines.tobytes())), chunk(b"IEND", b"")
    return b"\x89PNG\r\n\x1a\n" + b"".join(parts)


def is_picture(shape: Shape | None) -> bool:
    """Whether patterns of this shape are pictures: height x width, with one or three channels before or after it."""
    if shape is None or len(shape) not in (2, 3) or min(shape, default=0) < 1:
        return False
    return len(shape) == 2 or shape[0] in (1, 3) or shape[-1] in (1, 3)


def picture(row: Array, shape: Shape) -> Array:
    """A row as a picture: height x width, or height x width x 3."""
    values = row.reshape(shape)
    if values.ndim == 3 and shape[0] in (1, 3) and shape[-1] not in (1, 3):
        values = np.moveaxis(values, 0, -1)
    return values[..., 0] if values.ndim == 3 and values.shape[-1] == 1 else values


def of_memory(memory: Any) -> str:
    """A memory: its parameters, what it holds, its notes, and its first patterns if they are images."""
    given = [(name, _short(value)) for name, value in memory._given().items()]
    core = memory._core
    if core is None:
        return block(type(memory).__name__, facts([*given, ("state", "holds no patterns; call fit")]))
    rows: list[tuple[str, Any]] = [
        ("memories", "not known" if core.memories is None else core.memories),
        ("units", core.dim),
    ]
    if memory._image is not None:
        rows.append(("images of", " x ".join(map(str, memory._image))))
    if memory._labels is not None:
        rows.append(("labels", len(np.unique(memory._labels))))
    rows.append(("number type", memory._kind))
    for name, value in (("beta", core.beta), ("spread of a unit", core.spread)):
        if value is not None:
            rows.append((name, f"{value:.6g}"))
    parts = [facts([*given, *rows]), sentences(memory.notes())]
    if is_picture(memory._image) and core.memories and core.memories * core.dim <= ROOM:
        patterns = core.patterns()
        if patterns is not None:
            some = patterns[:MOST]
            names = [str(n) if memory._labels is None else str(memory._labels[n]) for n in range(len(some))]
            shown = [picture(row, memory._image) for row in some]
            parts.append(grid([("stored", shown)], names, float(some.min()), float(some.max())))  # type: ignore[list-item]
    return block(type(memory).__name__, *parts)


def of_recall(recall: Any) -> str:
    """A recall: what its text says, the first cues row by row, and pictures if states are images."""
    first, *lines = str(recall).splitlines()
    words = (line.strip().partition(" ") for line in lines)
    parts = [facts((name, value.strip()) for name, _, value in words)]
    count = min(len(recall), MOST)
    columns = [
        name
        for name in ("memory", "label", "overlap", "energy", "sigma", "outcome")
        if getattr(recall, name) is not None
    ]
    rows = [[row, *(_short(getattr(recall, name)[row]) for name in columns)] for row in range(count)]
    if count and is_picture(recall._image):
        parts.append(_pictures(recall, count))
    if count:
        parts.append(table(["cue", *columns], rows))
    if len(recall) > count:
        parts.append(f"<p>The first {count} of {len(recall)} cues.</p>")
    return block(first, *parts)


def _pictures(recall: Any, count: int) -> str:
    states = recall._states.reshape(len(recall), -1)[:count]
    stored, rows = states, []
    source = recall._source
    if recall._cues is not None:
        rows.append(("cue", recall._cues[:count]))
    rows.append(("recall", states))
    core = None if source is None else source._core
    if core is not None and core.memories and core.memories * core.dim <= ROOM:
        patterns = core.patterns()
        if patterns is not None:
            stored = np.where(recall.memory[:count, None] >= 0, patterns[np.maximum(recall.memory[:count], 0)], np.nan)
            rows.append(("nearest", stored))
    known = np.concatenate([part[np.isfinite(part)] for part in (states, stored)])
    low, high = (float(known.min()), float(known.max())) if known.size else (0.0, 1.0)
    shape = tuple(recall._image)
    names = [str(n) for n in range(count)]
    return grid([(title, [picture(row, shape) for row in part]) for title, part in rows], names, low, high)  # type: ignore[misc]


def _short(value: Any) -> str:
    """A value of a cell: numbers to five digits, texts to forty characters."""
    if isinstance(value, (float, np.floating)):
        return f"{value:.5g}"
    text = str(value)
    return text if len(text) <= 40 else text[:37] + "..."
