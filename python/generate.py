"""Generates attractor/_models.py, with a class for each model, from the models' cards in Rust.

    python python/generate.py           writes the file
    python python/generate.py --check   checks that the file is up to date

The classes are generated rather than made at run time, so that editors, type checkers and readers see them.
"""

from __future__ import annotations

import importlib.util
import sys
import textwrap
from pathlib import Path
from typing import Any

PLACE = Path(__file__).parent / "attractor" / "_models.py"


def rust() -> Any:
    """The Rust module alone, since the package cannot be imported before the classes exist."""
    package = importlib.util.find_spec("attractor")
    found = [
        path
        for folder in (package.submodule_search_locations if package else None) or []
        for path in Path(folder).glob("_attractor.*")
        if path.suffix in (".so", ".pyd")
    ]
    if not found:
        sys.exit("attractor is not installed; build it with: pip install .")
    spec = importlib.util.spec_from_file_location("attractor._attractor", found[0])
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


#: Further arguments that the example of a model needs.
WITH = {"bidirectional": ", values=[[1.0, -1], [-1, 1]]", "local": ', image="2x4"', "log-sum-relu": ", beta=0.3"}

#: Models that keep sums over their patterns, and no labels.
SUMMED = ("random-features",)

#: What the example of a model recalls, if it is not the pattern that the cue resembles.
RECALLED = {"sequence": 1, "continuous-sequence": 1}

HEAD = '''"""The memories, one class for each model. Written by python/generate.py; change that, or the models in Rust."""

from __future__ import annotations

from collections import abc
from typing import Any, ClassVar, Literal

from ._described import Described
from ._fits import Paired, Plain, Valued, Weighted, WeightedValued
from ._foreign import Foreign
from ._held import Coupled, Located
from ._memory import Memory
from ._paths import Process, Sampler
from ._potential import Potential
from ._summed import Summed
from ._trained import Trained
'''

#: What fit sets, beside the properties.
ATTRIBUTES = """    Attributes
    ----------
    n_features_in_ : int
        Units of a pattern, D.
    feature_names_in_ : ndarray of str (D,)
        Names of the columns, if the patterns were a data frame with names.
"""

COMMON = {
    "prepare": (
        'str = "auto"',
        'prepare : {"auto", "none", "center", "normalize", "standardize", "packed"}, default "auto"',
        "Preparation of the patterns. auto {auto} and leaves other numbers unchanged; packed turns two values into -1 and 1 with one bit per unit.",
    ),
    "dtype": (
        "Any = None",
        'dtype : {"float32", "float64"}, optional',
        "Number type of the states. Default: float64 if the patterns are, else float32.",
    ),
    "random_state": (
        "Any = 0",
        "random_state : int, numpy.random.Generator, numpy.random.RandomState or None, default 0",
        "Seed of all random numbers of a recall. None draws a seed from NumPy.",
    ),
}


def wrapped(text: str, indent: int) -> str:
    return textwrap.fill(text, 118, initial_indent=" " * indent, subsequent_indent=" " * indent)


#: Models that store pairs, and nothing without values.
NEEDS_VALUES = ("bidirectional",)

#: What models hold besides patterns.
HELD = {"hopfield": "Coupled, ", "sparse-distributed": "Located, "}

#: Options that are arrays, or the names of their files.
ARRAYS = {"couplings": "path or array_like (D, D)", "addresses": "path or array_like (M, D)"}

#: Options that may also be given as an object, and its class.
OBJECTS = {"process": "Process", "sampler": "Sampler"}


def name_of(option: dict[str, Any]) -> str:
    return option["name"].replace("-", "_")


def annotation(option: dict[str, Any]) -> str:
    """The type and default of an option."""
    if option["kind"] == "flag":
        return "bool = False"
    if option["name"] in ARRAYS:
        return "Any = None"
    kinds = {"count": "int", "number": "float", "switch": "bool | str", "list": "abc.Sequence[float]"}
    kind = kinds.get(option["kind"], "str")
    if option["kind"] == "choice":
        kind = "Literal[" + ", ".join(f'"{name}"' for name in option["names"]) + "]"
    if option["name"] in OBJECTS:
        kind += f" | {OBJECTS[option['name']]}"
    if option["name"] == "process" and "potential" in option["names"]:
        kind += " | Potential"
    if option["auto"] and "str" not in kind and "Literal" not in kind:
        kind += ' | Literal["auto"]'
    return f"{kind} | None = None"


def taken(option: dict[str, Any]) -> str:
    """The values of an option, for a docstring."""
    if option["name"] in ARRAYS:
        return ARRAYS[option["name"]]
    names = ", ".join(f'"{name}"' for name in option["names"])
    kind = {
        "flag": "bool",
        "switch": "bool",
        "choice": "{" + names + "}",
        "form": "str",
        "text": "str",
        "list": "list of int" if "whole" in option["takes"] else "list of float",
    }.get(option["kind"]) or option["takes"].replace("a whole number", "int").replace("a number", "float")
    kind += f" or {OBJECTS[option['name']]}" if option["name"] in OBJECTS else ""
    kind += " or Potential" if option["name"] == "process" and "potential" in option["names"] else ""
    return kind + (' or "auto"' if option["auto"] else "")


def usual(option: dict[str, Any]) -> str:
    """The default of an option, for a docstring."""
    default = str(option["default"])
    words = option["names"] + (["auto"] if option["auto"] else [])
    if option["kind"] == "flag":
        return "False"
    if option["kind"] == "switch" and default in ("on", "off"):
        return str(default == "on")
    return f'"{default}"' if default in words or (option["kind"] == "form" and default != "none") else default


def documented(option: dict[str, Any]) -> str:
    head = f"        {name_of(option)} : {taken(option)}, default {usual(option)}"
    more = {"process": " A `Process` carries its rates.", "sampler": " A `Sampler` carries its steps and grid."}
    text = option["help"].rstrip(".") + "." + more.get(option["name"], "")
    if option["kind"] == "form":
        text += " One of " + ", ".join(option["names"]) + "."
    return head + "\n" + wrapped(text, 12)


def parameters(
    card: dict[str, Any], first: str, extra: str = "", prepare: bool = True, dtype: str | None = None
) -> tuple[str, str, list[str]]:
    """The signature, documentation and names of a class's keywords."""
    names = [name_of(option) for option in card["parameters"]]
    signature = "".join(f"        {name_of(o)}: {annotation(o)},\n" for o in card["parameters"])
    docs = first + "".join(documented(option) + "\n" for option in card["parameters"]) + extra
    common = [name for name in COMMON if prepare or name != "prepare"]
    for name in common:
        kind, head, text = COMMON[name]
        if name == "dtype" and dtype is not None:
            text = f"Number type of the states. Default: {dtype}"
        auto = "leaves images as they are" if card["raw"] else "centres and scales bytes and bools"
        signature += f"        {name}: {kind},\n"
        docs += f"        {head}\n" + wrapped(text.format(auto=auto), 12) + "\n"
    return signature, docs, names + common


def head(card: dict[str, Any], name: str, names: list[str]) -> str:
    flags = [name_of(option) for option in card["parameters"] if option["kind"] == "flag"]
    options = [name_of(option) for option in card["parameters"]]

    def tuple_of(items: list[str]) -> str:
        return "(" + ", ".join(f'"{item}"' for item in items) + ("," if len(items) == 1 else "") + ")"

    result = f'    _model: ClassVar[str] = "{card["name"]}"\n'
    result += f"    _options: ClassVar[tuple[str, ...]] = {tuple_of(options)}\n"
    result += f"    _parameters: ClassVar[tuple[str, ...]] = {tuple_of(names)}\n"
    if flags:
        result += f"    _flags: ClassVar[tuple[str, ...]] = {tuple_of(flags)}\n"
    return result


def facts(card: dict[str, Any]) -> str:
    lines = [f"    {card['title'].rstrip('.')}.", "", "    ::", "", wrapped(card["equation"].replace("\\", "\\\\"), 8)]
    lines += ["", wrapped(f"Family: {card['family']}. Cost: {card['cost']}. Source: {card['source']}.", 4), ""]
    return "\n".join(lines).replace("    ", "", 1)


def fits(card: dict[str, Any]) -> str:
    """The class that stores this model's patterns."""
    if card["name"] in NEEDS_VALUES:
        return "Paired"
    if card["name"] in SUMMED:
        return "Summed"
    return {
        (False, False): "Plain",
        (False, True): "Valued",
        (True, False): "Weighted",
        (True, True): "WeightedValued",
    }[card["weights"], card["values"]]


def model(card: dict[str, Any], name: str) -> str:
    first = wrapped_parameter(
        "patterns : array_like (N, D), or (N, ...) of images, optional",
        "Patterns to store, as with `fit`. Without them, the memory must be fitted."
        + (" States are +1 and -1." if card["spins"] else ""),
    )
    extra, taken, data = "", [], ""
    if card["name"] not in SUMMED:
        taken, data = ["labels"], "        labels: Any = None,\n"
        extra += wrapped_parameter("labels : array_like (N,), optional", "A label for each pattern.")
    if card["weights"]:
        taken.append("weights")
        data += "        weights: Any = None,\n"
        extra += wrapped_parameter("weights : array_like (N,), optional", "Prior weights > 0 of the patterns.")
    if card["values"]:
        taken.append("values")
        data += "        values: Any = None,\n"
        text = "Associated values: a vector for each pattern."
        if card["name"] in NEEDS_VALUES:
            text += (
                " Default: codes of the labels, one unit for each class: +1 for the pattern's own, -1 for the others."
            )
        extra += wrapped_parameter("values : array_like (N, Dv), optional", text)
    signature, docs, names = parameters(card, first, extra)
    given = ", ".join(f"{n}={n}" for n in taken)
    return f'''

class {name}({fits(card)}, {HELD.get(card["name"], "")}Memory):
    """{facts(card)}
    Parameters
    ----------
{dedented(docs)}
{ATTRIBUTES}
    Examples
    --------
    >>> import attractor
    >>> memory = attractor.{name}([[1.0, 1, 1, 1, -1, -1, -1, -1], [1, -1, 1, -1, 1, -1, 1, -1]]{WITH.get(card["name"], "")})
    {example(card)}
    """

{head(card, name, names)}
    def __init__(
        self,
        patterns: Any = None,
        *,
{signature}{data}    ) -> None:
{assignments(names)}        self._begin(patterns, {given})
'''


def example(card: dict[str, Any]) -> str:
    """A recall, and what it gives: the memory, or the state where no memory is known."""
    recall = "memory.recall([[1.0, 1, 1, 1, -1, -1, -1, 1]])"
    if card["name"] in SUMMED:
        return f">>> {recall}.states.round().astype(int).tolist()\n    [[1, 1, 1, 1, -1, -1, -1, -1]]"
    return f">>> {recall}.memory\n    array([{RECALLED.get(card['name'], 0)}])"


def wrapped_parameter(head: str, text: str) -> str:
    return f"        {head}\n{wrapped(text, 12)}\n"


def dedented(docs: str) -> str:
    return textwrap.indent(textwrap.dedent(docs), "    ").rstrip() + "\n"


def mixture(card: dict[str, Any], name: str) -> str:
    first = wrapped_parameter(
        "memories : path, list of dict, or array_like (N, D), optional",
        "A description: a .toml or .json file, its entries as dictionaries (see docs/ideas/extended-memories.md), or points.",
    )
    signature, docs, names = parameters(card, first, prepare=False, dtype="float64.")
    return f'''

class {name}(Described):
    """{facts(card)}
    Parameters
    ----------
{dedented(docs)}
{ATTRIBUTES}
    Examples
    --------
    >>> import attractor
    >>> memory = attractor.{name}([
    ...     {{"kind": "points", "at": [[2.0, 0.0]]}},
    ...     {{"kind": "segment", "from": [-1.0, -1.0], "to": [-1.0, 1.0]}},
    ... ])
    >>> memory.recall([[-0.6, 0.3]], sigma=0.3).memory
    array([1])
    """

{head(card, name, names)}
    def __init__(
        self,
        memories: Any = None,
        *,
{signature}    ) -> None:
{assignments(names)}        if memories is not None:
            self.fit(memories)
'''


def network(card: dict[str, Any], name: str) -> str:
    first = wrapped_parameter(
        "patterns : array_like (N, D), or (N, ...) of images, optional",
        "Patterns to learn, as with `fit`. Without them, the memory must be fitted.",
    )
    first += wrapped_parameter("training : dict, optional", "Training settings by name, as in ``attractor train``.")
    for setting in rust().training():
        text = f"{name_of(setting)} ({taken(setting)}; default {usual(setting)}): {setting['help']}."
        first += "\n" + wrapped(text, 12) + "\n"
    extra = wrapped_parameter("labels : array_like (N,), optional", "A label for each pattern.")
    signature, docs, names = parameters(card, first, extra)
    names = ["training", *names]
    return f'''

class {name}(Trained):
    """{facts(card)}
    Reports compare recalled states with the patterns that the network was trained on. A saved network can be loaded
    anywhere, but only a network from the command line can be trained further.

    Parameters
    ----------
{dedented(docs)}
{ATTRIBUTES}
    Examples
    --------
    >>> import attractor
    >>> patterns = [[1.0, 1, 1, 1, -1, -1, -1, -1], [1, -1, 1, -1, 1, -1, 1, -1]]
    >>> memory = attractor.{name}(patterns, training={{"steps": 200, "width": 64}})
    >>> memory.recall([[1.0, 1, 1, 1, -1, -1, -1, 1]], sigma=0.5).memory
    array([0])
    """

{head(card, name, names)}
    def __init__(
        self,
        patterns: Any = None,
        *,
        training: abc.Mapping[str, Any] | None = None,
{signature}        labels: Any = None,
    ) -> None:
{assignments(names)}        self._begin(patterns, labels=labels)
'''


def denoiser(card: dict[str, Any]) -> str:
    first = wrapped_parameter(
        "denoiser : callable, optional",
        "D(x, sigma): maps states (B, D) and noise levels (B,) to denoised states (B, D), as arrays. A torch.nn.Module gets "
        "tensors on its own device. If `shape` is given or the patterns are images, states have that shape. An object with a method `denoise` or `D` works, too.",
    )
    first += wrapped_parameter("dim : int, optional", "Units of a state, D. Default: that of the patterns.")
    first += wrapped_parameter(
        "spread : float > 0, default 1",
        "Root mean square deviation of a unit, the unit of noise levels. If there are patterns, theirs is used.",
    )
    first += wrapped_parameter(
        "sigma : float >= 0, optional",
        "Noise level of cues, for recalls that are given neither `sigma` nor `signal`. It lets `predict` and `transform` run in a pipeline.",
    )
    first += wrapped_parameter(
        "shape : tuple of int, optional",
        "Shape of one state as the denoiser gets it, such as (1, 28, 28) for a convolutional network: x is then (B, 1, 28, 28). "
        "Default: that of the patterns, else (D,).",
    )
    first += wrapped_parameter(
        'framework : {"numpy", "torch"}, optional',
        "What the denoiser gets: arrays or tensors. Default: tensors for a torch.nn.Module, arrays for anything else.",
    )
    extra = wrapped_parameter(
        "patterns : array_like (N, D), or (N, ...) of images, optional",
        "Patterns that recalled states are compared with, such as the training data. The denoiser does not see them.",
    )
    extra += wrapped_parameter("labels : array_like (N,), optional", "A label for each pattern.")
    signature, docs, names = parameters(card, first, extra, prepare=False, dtype="that of the patterns, else float64.")
    names = ["denoiser", "dim", "spread", "sigma", "shape", "framework", *names]
    card = {**card, "name": "denoiser", "title": "Diffusion with any denoiser: your own network or function"}
    card["equation"] = "dz/ds = (z - D(z;s))/s down to s = 0"
    card["cost"] = "one call of the denoiser per step (heun: two)"
    return f'''

class Denoiser(Foreign):
    """{facts(card)}
    It has no energy and no posterior, and cannot estimate the noise of a cue: give `recall` a `sigma` or `signal`. The
    denoiser is called on the calling thread, with all states of a step at once.

    Parameters
    ----------
{dedented(docs)}
{ATTRIBUTES}
    Examples
    --------
    Two memories, at +1 and -1:

    >>> import numpy as np
    >>> import attractor
    >>> memory = attractor.Denoiser(lambda x, sigma: np.tanh(x / sigma[:, None] ** 2), dim=1)
    >>> memory.recall([[0.3], [-0.1]], sigma=0.8).states.round(6)
    array([[ 1.],
           [-1.]])
    """

{head(card, "Denoiser", names)}
    def __init__(
        self,
        denoiser: Any = None,
        dim: int | None = None,
        *,
        spread: float = 1.0,
        sigma: float | None = None,
        shape: tuple[int, ...] | None = None,
        framework: str | None = None,
{signature}        patterns: Any = None,
        labels: Any = None,
    ) -> None:
{assignments(names)}        self._start(patterns, labels)
'''


def assignments(names: list[str]) -> str:
    return "".join(f"        self.{name} = {name}\n" for name in names)


def written() -> str:
    result, names = HEAD, []
    cards = rust().models()
    for card in cards:
        name = card["name"].title().replace("-", "")  # sparse-distributed -> SparseDistributed
        names.append(name)
        result += {"Mixture": mixture, "Network": network}.get(name, model)(card, name)
    result += denoiser(next(card for card in cards if card["name"] == "diffusion"))
    result += "\n\n#: Every class of a model by name.\nMODELS: tuple[type[Memory], ...] = (\n"
    result += "".join(f"    {name},\n" for name in names) + ")\n"
    return result


def main() -> None:
    text = written()
    if "--check" not in sys.argv:
        PLACE.write_text(text)
    elif PLACE.read_text() != text:
        sys.exit(
            f"{PLACE}: expected the classes that follow from the models, found others; run: python python/generate.py"
        )


if __name__ == "__main__":
    main()
