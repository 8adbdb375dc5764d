"""What Shift-Tab shows: every public function, class and method says what it takes and returns, in numpydoc's sections."""

from __future__ import annotations

import inspect
import re
import runpy
from pathlib import Path
from typing import Any

import attractor
import attractor.plot
import pytest

#: Sections in numpydoc's order.
SECTIONS = ["Parameters", "Attributes", "Returns", "Raises", "Warns", "Notes", "Examples"]


def public() -> dict[str, Any]:
    found: dict[str, Any] = {}
    for module in (attractor, attractor.plot):
        for name in module.__all__:
            thing = getattr(module, name)
            if inspect.ismodule(thing):
                continue
            found[name] = thing
            if inspect.isclass(thing) and issubclass(thing, Exception):
                continue
            if inspect.isclass(thing) and not hasattr(thing, "_fields"):
                for method, function in inspect.getmembers(thing, callable):
                    if not method.startswith("_") and inspect.isroutine(function):
                        found[f"{name}.{method}"] = function
    return found


PUBLIC = public()
FUNCTIONS = {name: thing for name, thing in PUBLIC.items() if not inspect.isclass(thing)}
CLASSES = {name: thing for name, thing in PUBLIC.items() if inspect.isclass(thing)}


def sections(text: str) -> dict[str, str]:
    parts = re.split(r"^([A-Z][A-Za-z ]+)\n-{3,}\n", inspect.cleandoc(text), flags=re.MULTILINE)
    return dict(zip(parts[1::2], parts[2::2], strict=True)) | {"": parts[0]}


def documented(section: str) -> set[str]:
    names: set[str] = set()
    for line in section.splitlines():
        if line and not line.startswith(" "):
            names |= {name.strip().lstrip("*") for name in line.split(" : ")[0].split(",")}
    return names


def taken(thing: Any) -> set[str]:
    names = set(inspect.signature(thing).parameters) - {"self", "cls"}
    return {name for name in names if not name.startswith("_")}


@pytest.mark.parametrize("name", PUBLIC)
def test_help_is_complete(name: str) -> None:
    thing = PUBLIC[name]
    text = inspect.getdoc(thing)
    assert text, f"{name} has no help"
    found = sections(text)
    first = found[""].split("\n")[0]
    assert first.endswith(".") or "\n\n" in found[""] or first.endswith(":"), (
        f"{name}: expected a sentence first, found {first!r}"
    )
    order = [section for section in found if section]
    assert order == [section for section in SECTIONS if section in order], f"{name}: sections in the order {order}"
    if hasattr(thing, "_fields") or (inspect.isclass(thing) and (name in RESULTS or issubclass(thing, Exception))):
        return
    assert taken(thing) == documented(found.get("Parameters", "")), name
    if name in FUNCTIONS and inspect.signature(thing).return_annotation not in ("None", None):
        assert "Returns" in found, f"{name} does not say what it returns"


#: Classes that calls make, and users do not.
RESULTS = {"Recall", "Trace", "Counts", "Effect", "Minima", "Replayed", "Report", "Memory"}


@pytest.mark.parametrize(
    "name",
    [name for name in PUBLIC if "." not in name and name not in RESULTS and not hasattr(PUBLIC[name], "_fields")],
)
def test_help_has_an_example(name: str) -> None:
    if inspect.isclass(PUBLIC[name]) and issubclass(PUBLIC[name], Exception):
        return
    assert ">>> " in (inspect.getdoc(PUBLIC[name]) or ""), f"{name} has no example"


def test_the_methods_of_memories_have_examples() -> None:
    for name in (
        "recall sample trace repeat energy gradient denoise posterior log_prob score predict transform predict_proba decision_function notes "
        "plot get_params set_params partial_fit with_events with_cores surprise"
    ).split():
        kind = attractor.Mixture if name.startswith(("with_", "surprise")) else attractor.Modern
        method = getattr(attractor.Hopfield if name == "partial_fit" else kind, name)
        assert ">>> " in (inspect.getdoc(method) or ""), name


def test_memories_name_their_source_and_cost() -> None:
    for kind in (*attractor._models.MODELS, attractor.Denoiser):
        text = inspect.getdoc(kind) or ""
        for words in ("::", "Cost:", "Source:", "Parameters", "Examples"):
            assert words in text, (kind, words)


def test_typed_uses_run() -> None:
    runpy.run_path(str(Path(__file__).parent / "typed_uses.py"))
