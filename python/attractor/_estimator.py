"""Parameters and patterns of memories, by scikit-learn's conventions."""

from __future__ import annotations

import json
import sys
from dataclasses import fields, is_dataclass, replace
from os import PathLike, fspath
from typing import Any, ClassVar, NamedTuple

import numpy as np

from . import _attractor
from ._arrays import Array, Shape, as_array, as_floats, as_rows, is_one, is_raw, names_of, precision, rows, shown
from ._autograd import tracked
from ._paths import Process, Sampler
from ._potential import Potential
from ._values import labels_of, not_fitted, one_of, weights_of, words
from ._warnings import warn

if sys.version_info >= (3, 11):
    from typing import Self
else:
    Self = Any


class Stored(NamedTuple):
    """Patterns and what belongs to them, checked."""

    patterns: Array
    labels: Array | None
    weights: list[float] | None
    values: Array | None
    #: Whether they were bytes or bools.
    raw: bool
    #: The shape of one pattern, if patterns are images.
    image: Shape | None


class Estimator:
    """An object with parameters that is built from patterns."""

    #: The model's name, as on the command line.
    _model: ClassVar[str] = ""
    #: Names of the model's options.
    _options: ClassVar[tuple[str, ...]] = ()
    #: Names of the options that are flags.
    _flags: ClassVar[tuple[str, ...]] = ()
    #: Names of all parameters.
    _parameters: ClassVar[tuple[str, ...]] = ()

    prepare: str = "auto"
    dtype: Any = None
    random_state: Any = 0

    _core: _attractor.Memory | None = None
    _labels: Array | None = None
    #: The shape of one pattern, if patterns are images.
    _image: Shape | None = None
    #: Whether the values are codes of the labels.
    _coded: bool = False
    #: Prior weights of a memory of which the core does not say them.
    _prior: Array | None = None
    #: Whether patterns may have labels.
    _keeps_labels: ClassVar[bool] = True
    #: Whether patterns need labels.
    _needs_labels: ClassVar[bool] = False

    def __setattr__(self, name: str, value: Any) -> None:
        object.__setattr__(self, name, value)
        # A memory that was built with other parameters is dropped.
        if name in self._parameters and name != "random_state":
            object.__setattr__(self, "_core", None)

    def get_params(self, deep: bool = True) -> dict[str, Any]:
        """Returns the parameters by name, without the patterns.

        Parameters
        ----------
        deep : bool, default True
            Whether to list the parameters of a `Process`, a `Sampler` or an estimator among them, too, as in
            "process__gamma".

        Returns
        -------
        dict

        Examples
        --------
        >>> import attractor
        >>> attractor.Modern(beta=3.0).get_params()["beta"]
        3.0
        """
        own = {name: getattr(self, name) for name in self._parameters}
        if deep:
            inner = {f"{name}__{key}": value for name, held in own.items() for key, value in _inner(held).items()}
            own |= inner
        return own

    def set_params(self, **parameters: Any) -> Self:
        """Sets parameters. The patterns must then be stored again, with `fit`.

        Parameters
        ----------
        **parameters
            As in the constructor. "process__gamma" is the parameter gamma of the process, if that is an object.

        Returns
        -------
        self

        Raises
        ------
        ValueError
            There is no such parameter.

        Examples
        --------
        >>> import attractor
        >>> memory = attractor.Diffusion(process=attractor.Process("vp", gamma=0.8))
        >>> memory.set_params(process__gamma=0.5).process.gamma
        0.5
        """
        nested: dict[str, dict[str, Any]] = {}
        names = [name.partition("__")[0] for name in parameters]
        one_of("parameter", type(self).__name__, names, self._parameters, ValueError)
        for name, value in parameters.items():
            own, _, inner = name.partition("__")
            if inner:
                nested.setdefault(own, {})[inner] = value
            else:
                setattr(self, name, value)
        for name, values in nested.items():
            setattr(self, name, _replaced(name, getattr(self, name), values))
        return self

    def fit(self, X: Any, y: Any = None) -> Self:
        """Stores patterns. They replace those stored before.

        Parameters
        ----------
        X : array_like (N, D), or (N, ...) of images
            Patterns. Bytes (uint8) are read as grey values from 0 to 1.
        y : array_like (N,), optional
            A label for each pattern.

        Returns
        -------
        self

        Raises
        ------
        ValueError
            There are no patterns, they contain NaN or have unequal lengths, or a parameter is outside its range.
        TypeError
            The patterns have an unsupported number type.
        """
        return self._fit(X, y, None, None)

    def _fit(self, X: Any, y: Any, sample_weight: Any, values: Any) -> Self:
        self._forget()
        return self._remember(self._read(X, y, sample_weight, values), names_of(X))

    def _forget(self) -> None:
        """Drops what `partial_fit` keeps."""
        for name in ("_rows", "_classes"):
            self.__dict__.pop(name, None)

    def _read(self, X: Any, y: Any, sample_weight: Any, values: Any) -> Stored:
        """Checks patterns and what belongs to them."""
        if tracked(X):
            warn(["no gradients are computed of stored patterns; give patterns.detach()"])
        array = as_array("patterns", X)
        kind = self._kind_of(array)
        patterns = as_floats(as_rows("patterns", array, False), kind)
        count = len(patterns)
        some_units(patterns)
        labels, weights = labels_of("labels", y, count), weights_of("weights", sample_weight, count)
        vectors = None
        if values is not None:
            given = as_array("values", values)
            vectors = rows("values", given[:, np.newaxis] if given.ndim == 1 else given, kind)[0]
        if weights is not None and 0.0 in weights:
            # A weight of 0 leaves a row out, as everywhere in scikit-learn.
            kept = np.array(weights) != 0.0
            if not kept.any():
                raise ValueError("weights: expected a weight > 0, found zeros alone; a memory needs a pattern")
            patterns, weights = patterns[kept], [weight for weight in weights if weight != 0.0]
            labels = None if labels is None else labels[kept]
            vectors = None if vectors is None or len(vectors) != count else vectors[kept]
        image = array.shape[1:] if array.ndim > 2 else None
        return Stored(patterns, labels, weights, vectors, is_raw(array), image)

    def _kind_of(self, array: Array) -> np.dtype[Any]:
        """The number type of patterns that are given as this array."""
        return precision(array, self.dtype)

    def _remember(self, stored: Stored, names: Array | None) -> Self:
        """Builds the memory of these patterns."""
        self.__dict__.pop("effect_", None)
        labels, image, values = stored.labels, stored.image, stored.values
        if values is None and (codes := self._codes(labels)) is not None:
            values = codes.astype(stored.patterns.dtype)
        core = self._make(
            stored.patterns,
            prepare=words("prepare", self.prepare),
            raw=stored.raw,
            image=None if image is None else "x".join(map(str, image)),
            labels=None if labels is None else [str(label) for label in labels.tolist()],
            weights=stored.weights,
            values=values,
        )
        self._hold(core, labels, image)
        self._coded = stored.values is None
        self._prior = None if stored.weights is None else np.array(stored.weights) / np.sum(stored.weights)
        warn(core.warnings())
        if names is not None:
            self.feature_names_in_ = names
        else:
            self.__dict__.pop("feature_names_in_", None)
        return self

    def _codes(self, labels: Array | None) -> Array | None:
        """Values that follow from the labels, for models that need some."""
        return None

    def _states(self, what: str, values: Any, masked: bool = False, wide: bool | None = None) -> tuple[Array, Shape]:
        """Rows of states, and the shape that was given. One image of a memory of images is one state. The columns of a data
        frame must be those of the patterns."""
        if masked and tracked(values):
            warn(["no gradients are computed of a recall; give cues.detach(), or differentiate denoise or energy"])
        self._same_columns(what, values)
        kind = self._kind if wide is None else np.dtype(np.float64 if wide else np.float32)
        return rows(what, values, kind, masked, self._image)

    def _same_columns(self, what: str, values: Any) -> None:
        """Refuses a data frame with other columns than those that `fit` saw."""
        own, names = self.__dict__.get("feature_names_in_"), names_of(values)
        if own is not None and names is not None and names.tolist() != own.tolist():
            raise ValueError(
                f"{what}: expected the columns that fit saw, in their order, {shown(own.tolist())}, "
                f"found {shown(names.tolist())}; give them as frame[memory.feature_names_in_]"
            )

    def _same_width(self, found: int) -> None:
        """Refuses rows of another width than the patterns, in the words of scikit-learn."""
        expected = self._built().dim
        if found != expected:
            raise ValueError(
                f"X has {found} features, but {type(self).__name__} is expecting {expected} features as input; "
                "give rows of the width of the stored patterns"
            )

    def _is_one(self, shape: Shape) -> bool:
        """Whether what was given is a single vector or image, and not a batch."""
        return is_one(shape, self._image)

    def _make(self, patterns: Any, **known: Any) -> _attractor.Memory:
        named = self._named()
        if known.get("image") is not None and "image" in self._options:
            # What the array says of its images need not be said twice.
            named.setdefault("image", known["image"])
        return _attractor.Memory.build(self._model, named, patterns, **known)

    def _hold(self, core: _attractor.Memory, labels: Array | None = None, image: Shape | None = None) -> None:
        """Keeps a built memory. `image` is the shape of a pattern; without it, it is that of the images in a file."""
        own_image = core.image
        self._image = tuple(own_image) if image is None and own_image is not None else image
        if labels is None:
            own = core.labels()
            labels = None if own is None else np.array(own)
        object.__setattr__(self, "_core", core)
        if labels is not None:
            # The labels are copied, so that the memory does not change with the caller's array.
            labels = labels.copy()
            labels.flags.writeable = False
        self._labels = labels
        self._kind = np.dtype(np.float64 if core.wide else np.float32)
        self.n_features_in_ = core.dim

    def _begin(self, patterns: Any, labels: Any = None, weights: Any = None, values: Any = None) -> None:
        """Stores the patterns of the constructor, if there are any."""
        if patterns is not None:
            self._fit(patterns, labels, weights, values)
            return
        for name, given in (("labels", labels), ("weights", weights), ("values", values)):
            if given is not None:
                raise ValueError(f"{name}: expected patterns with them, found none; give patterns, or give them to fit")

    def _built(self) -> _attractor.Memory:
        if self._core is None:
            name = type(self).__name__
            if "n_features_in_" in self.__dict__:
                raise not_fitted(f"{name}: its parameters were changed; store its patterns again with fit(patterns)")
            raise not_fitted(f"{name}: expected patterns, found none; give them to the constructor or to fit")
        return self._core

    def _named(self) -> dict[str, Any]:
        """The options that are not None, by name."""
        named: dict[str, Any] = {}
        for name in self._options:
            value = getattr(self, name)
            if name in _ARRAYS and value is not None:
                value = fspath(value) if isinstance(value, (str, PathLike)) else _square(name, value)
            kinds = {"process": (Process, Potential), "sampler": (Sampler,)}.get(name)
            if kinds is not None and isinstance(value, (Process, Potential, Sampler)):
                if not isinstance(value, kinds):
                    raise TypeError(f"{name}: expected a name or a {kinds[0].__name__}, found a {type(value).__name__}")
                said = value.options()
            else:
                said = {} if value is None else {name: value}
            for key, given in said.items():
                known = named.setdefault(key, given)
                if known is not given and known != given:
                    raise ValueError(f"{key}: expected it once, found it in an object and on its own; leave one away")
        return named

    def __getstate__(self) -> dict[str, Any]:
        state = self.__dict__.copy()
        core = state.pop("_core", None)
        if core is not None:
            state["_stored"] = self._store(core)
        return state

    def __setstate__(self, state: dict[str, Any]) -> None:
        stored = state.pop("_stored", None)
        self.__dict__.update(state)
        object.__setattr__(self, "_core", None if stored is None else self._restore(stored))

    def _store(self, core: _attractor.Memory) -> Any:
        """What a pickle keeps of the built memory."""
        return core.to_bytes(), core.wide

    def _restore(self, stored: Any) -> _attractor.Memory:
        data, wide = stored
        return _attractor.Memory.load("memory", data, None, wide)

    def _wide(self) -> _attractor.Memory:
        """The same memory in float64, for computations that float32 is too coarse for."""
        core = self._built()
        return core if core.wide else self._restore((*self._store(core)[:-1], True))


#: Options that are arrays, or the names of their files.
_ARRAYS = ("couplings", "addresses")


def _square(name: str, given: Any) -> Array:
    """An array of numbers in rows."""
    array = as_array(name, given)
    if array.ndim != 2 or not array.size:
        raise ValueError(f"{name}: expected an array of rows, found one of shape {array.shape}")
    return np.ascontiguousarray(array, dtype=np.float64)


def default(cls: type[Estimator], name: str) -> Any:
    """The default of a parameter."""
    return {"prepare": "auto", "random_state": 0, "spread": 1.0}.get(name, False if name in cls._flags else None)


def some_units(patterns: Array) -> None:
    """Refuses rows of no units, in words that are scikit-learn's, too."""
    if len(patterns) and not patterns.shape[1]:
        raise ValueError(
            f"patterns: expected rows of units, found 0 feature(s) (shape={patterns.shape}) while a minimum of 1 is required; "
            "give rows of numbers"
        )


def tensor(file: bytes, name: str) -> Array | None:
    """An array of floats of a stored memory, whose file is in the format of safetensors. None if it has no such array."""
    end = 8 + int.from_bytes(file[:8], "little")
    entry = json.loads(file[8:end]).get(name)
    if entry is None:
        return None
    begin, stop = entry["data_offsets"]
    kind = {"F32": np.float32, "F64": np.float64}[entry["dtype"]]
    return np.frombuffer(file[end + begin : end + stop], kind).reshape(entry["shape"])


def _inner(held: Any) -> dict[str, Any]:
    """The parameters of a parameter: of a process, a sampler or an estimator."""
    if is_dataclass(held) and isinstance(held, (Process, Sampler, Potential)):
        return {field.name: getattr(held, field.name) for field in fields(held) if not field.name.startswith("_")}
    if hasattr(held, "get_params") and not isinstance(held, type):
        found: dict[str, Any] = held.get_params(deep=True)
        return found
    return {}


def _replaced(name: str, held: Any, values: dict[str, Any]) -> Any:
    """A parameter with some of its own parameters changed."""
    known = _inner(held)
    if not known:
        raise ValueError(
            f"{name}: expected an object with the parameters {', '.join(values)}, found {shown(held)}; "
            f"give an object such as attractor.{name.title()}(...) first"
        )
    if is_dataclass(held) and not isinstance(held, type):
        one_of("parameter", name, values, known, ValueError)
        return replace(held, **values)
    return held.set_params(**values)
