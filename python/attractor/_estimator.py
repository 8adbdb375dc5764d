"""Parameters and patterns of memories, by scikit-learn's conventions."""

from __future__ import annotations

import sys
from typing import Any, ClassVar

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
            Has no effect: no parameter is an estimator.

        Returns
        -------
        dict
        """
        return {name: getattr(self, name) for name in self._parameters}

    def set_params(self, **parameters: Any) -> Self:
        """Sets parameters. The patterns must then be stored again, with `fit`.

        Parameters
        ----------
        **parameters
            As in the constructor.

        Returns
        -------
        self
        """
        one_of("parameter", type(self).__name__, parameters, self._parameters, ValueError)
        for name, value in parameters.items():
            setattr(self, name, value)
        return self

    def fit(self, X: Any, y: Any = None, *, values: Any = None) -> Self:
        """Stores patterns. They replace those stored before.

        Parameters
        ----------
        X : array_like (N, D), or (N, ...) of images
            Patterns. Bytes (uint8) are read as grey values from 0 to 1.
        y : array_like (N,), optional
            A label for each pattern.
        values : array_like (N, Dv), optional
            Associated values: a vector for each pattern, for models that take them.

        Returns
        -------
        self

        Raises
        ------
        ValueError
            There are no patterns, they contain NaN or have unequal lengths, or a parameter is outside its range.
        TypeError
            The patterns have an unsupported number type, or the model does not take values.
        """
        return self._fit(X, y, None, values)

    def _fit(self, X: Any, y: Any, sample_weight: Any, values: Any) -> Self:
        array = as_array("patterns", X)
        kind = precision(array, self.dtype)
        patterns = as_floats(as_rows("patterns", array, False), kind)
        count = len(patterns)
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
        core = self._make(
            patterns,
            prepare=words("prepare", self.prepare),
            raw=is_raw(array),
            image="x".join(map(str, array.shape[1:])) if array.ndim > 2 else None,
            labels=None if labels is None else [str(label) for label in labels.tolist()],
            weights=weights,
            values=vectors,
        )
        self._hold(core, labels, array.shape[1:] if array.ndim > 2 else None)
        warn(core.warnings())
        names = names_of(X)
        if names is not None:
            self.feature_names_in_ = names
        else:
            self.__dict__.pop("feature_names_in_", None)
        return self

    def _states(self, what: str, values: Any, masked: bool = False, wide: bool | None = None) -> tuple[Array, Shape]:
        """Rows of states, and the shape that was given. One image of a memory of images is one state. The columns of a data
        frame must be those of the patterns."""
        if masked and tracked(values):
            warn(["no gradients are computed of a recall; give cues.detach(), or differentiate denoise or energy"])
        own, names = self.__dict__.get("feature_names_in_"), names_of(values)
        if own is not None and names is not None and names.tolist() != own.tolist():
            raise ValueError(
                f"{what}: expected the columns that fit saw, in their order, {shown(own.tolist())}, "
                f"found {shown(names.tolist())}; give them as frame[memory.feature_names_in_]"
            )
        kind = self._kind if wide is None else np.dtype(np.float64 if wide else np.float32)
        return rows(what, values, kind, masked, self._image)

    def _is_one(self, shape: Shape) -> bool:
        """Whether what was given is a single vector or image, and not a batch."""
        return is_one(shape, self._image)

    def _make(self, patterns: Any, **known: Any) -> _attractor.Memory:
        return _attractor.Memory.build(self._model, self._named(), patterns, **known)

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


def default(cls: type[Estimator], name: str) -> Any:
    """The default of a parameter."""
    return {"prepare": "auto", "random_state": 0, "spread": 1.0}.get(name, False if name in cls._flags else None)


class Weighted(Estimator):
    """An estimator whose patterns have prior weights."""

    def fit(self, X: Any, y: Any = None, *, sample_weight: Any = None, values: Any = None) -> Self:
        """Stores patterns. They replace those stored before.

        Parameters
        ----------
        X : array_like (N, D), or (N, ...) of images
            Patterns. Bytes (uint8) are read as grey values from 0 to 1.
        y : array_like (N,), optional
            A label for each pattern.
        sample_weight : array_like (N,), optional
            Prior weights, >= 0. A pattern of weight 0 is left out, and those after it move up by one.
        values : array_like (N, Dv), optional
            Associated values: a vector for each pattern, for models that take them.

        Returns
        -------
        self

        Raises
        ------
        ValueError
            There are no patterns, they contain NaN or have unequal lengths, or a parameter is outside its range.
        TypeError
            The patterns have an unsupported number type, or the model does not take values.
        """
        return self._fit(X, y, sample_weight, values)
