"""The memories, one class for each model. Written by python/generate.py; change that, or the models in Rust."""

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


class Hopfield(Plain, Coupled, Memory):
    """Classical Hopfield network.

    ::

        E(x) = -1/2 x'Wx;  x <- sign(Wx)

    Family: classical. Cost: D^2 multiply-adds an update and cue; D^2 numbers; storing N patterns N D^2. Source:
    Hopfield (1982); Hopfield, Feinstein & Palmer (1983); Personnaz et al. (1985); Storkey & Valabregue (1999);
    Fachechi, Agliari & Barra (2019); Ambrogioni (2023), Eq. 1-3; Serricchio et al. (2024).

    Parameters
    ----------
    patterns : array_like (N, D), or (N, ...) of images, optional
        Patterns to store, as with `fit`. Without them, the memory must be fitted. States are +1 and -1.
    rule : {"hebb", "pseudo-inverse", "storkey", "dreaming", "daydreaming", "unlearning", "given"}, default "hebb"
        How the couplings W are learned from the patterns.
    self_coupling : bool, default False
        Keep the diagonal of W, as Table 1 of Ambrogioni (2023) needs.
    dreams : float from 0 to 1e6 or "auto", default auto, which is t = 8 for rule dreaming, and 3 N/(4 epsilon) dreams for rule unlearning
        Dreaming time t, with rule dreaming: 0 is hebb, and a large time the pseudo-inverse; number of dreams,
        with rule unlearning.
    epsilon : float above 0, at most 1, default 0.01
        Strength of a dream, with rule unlearning.
    epochs : int from 0 to 1000000, default 100
        Epochs of rule daydreaming, each with as many steps as there are patterns.
    tau : float > 0, default 64
        Time scale of rule daydreaming: a step adds (y y' - x x')/(tau D).
    learning_seed : int, default 0
        Seed of rules that dream, daydreaming and unlearning.
    couplings : path or array_like (D, D), default none
        Couplings W of your own, a symmetric D x D array in place of what a rule learns (rule given); the patterns
        are then only compared with.
    update : {"synchronous", "asynchronous", "glauber"}, default "synchronous"
        Which units move: all at once, one after the other, or one after the other at random at a temperature.
    order : {"random", "fixed"}, default "random"
        Order of the units in a sweep, with update asynchronous or glauber.
    temperature : float > 0, default none; glauber needs one
        Temperature T, with update glauber, in units of the energy (for Hebb, T/D is the T of AGS).
    tie : {"keep", "+1", "0"}, default "keep"
        What a unit becomes whose field is exactly 0: what it was, +1, or 0.
    labels : array_like (N,), optional
        A label for each pattern.
    prepare : {"auto", "none", "center", "normalize", "standardize", "packed"}, default "auto"
        Preparation of the patterns. auto centres and scales bytes and bools and leaves other numbers unchanged;
        packed turns two values into -1 and 1 with one bit per unit.
    dtype : {"float32", "float64"}, optional
        Number type of the states. Default: float64 if the patterns are, else float32.
    random_state : int, numpy.random.Generator, numpy.random.RandomState or None, default 0
        Seed of all random numbers of a recall. None draws a seed from NumPy.

    Attributes
    ----------
    n_features_in_ : int
        Units of a pattern, D.
    feature_names_in_ : ndarray of str (D,)
        Names of the columns, if the patterns were a data frame with names.

    Examples
    --------
    >>> import attractor
    >>> memory = attractor.Hopfield([[1.0, 1, 1, 1, -1, -1, -1, -1], [1, -1, 1, -1, 1, -1, 1, -1]])
    >>> memory.recall([[1.0, 1, 1, 1, -1, -1, -1, 1]]).memory
    array([0])
    """

    _model: ClassVar[str] = "hopfield"
    _options: ClassVar[tuple[str, ...]] = ("rule", "self_coupling", "dreams", "epsilon", "epochs", "tau", "learning_seed", "couplings", "update", "order", "temperature", "tie")
    _parameters: ClassVar[tuple[str, ...]] = ("rule", "self_coupling", "dreams", "epsilon", "epochs", "tau", "learning_seed", "couplings", "update", "order", "temperature", "tie", "prepare", "dtype", "random_state")
    _flags: ClassVar[tuple[str, ...]] = ("self_coupling",)

    def __init__(
        self,
        patterns: Any = None,
        *,
        rule: Literal["hebb", "pseudo-inverse", "storkey", "dreaming", "daydreaming", "unlearning", "given"] | None = None,
        self_coupling: bool = False,
        dreams: float | Literal["auto"] | None = None,
        epsilon: float | None = None,
        epochs: int | None = None,
        tau: float | None = None,
        learning_seed: int | None = None,
        couplings: Any = None,
        update: Literal["synchronous", "asynchronous", "glauber"] | None = None,
        order: Literal["random", "fixed"] | None = None,
        temperature: float | None = None,
        tie: Literal["keep", "+1", "0"] | None = None,
        prepare: str = "auto",
        dtype: Any = None,
        random_state: Any = 0,
        labels: Any = None,
    ) -> None:
        self.rule = rule
        self.self_coupling = self_coupling
        self.dreams = dreams
        self.epsilon = epsilon
        self.epochs = epochs
        self.tau = tau
        self.learning_seed = learning_seed
        self.couplings = couplings
        self.update = update
        self.order = order
        self.temperature = temperature
        self.tie = tie
        self.prepare = prepare
        self.dtype = dtype
        self.random_state = random_state
        self._begin(patterns, labels=labels)


class Bidirectional(Paired, Memory):
    """Bidirectional associative memory.

    ::

        E(x, y) = -y'Wx, W = sum_n y_n x_n';  y <- sign(Wx), x <- sign(W'y);  E(x) = -sum_j |(Wx)_j|

    Family: classical. Cost: 2 D Dv multiply-adds an update and cue (Dv units a value); 2 D Dv numbers; storing N
    pairs N D Dv. Source: Kosko (1988).

    Parameters
    ----------
    patterns : array_like (N, D), or (N, ...) of images, optional
        Patterns to store, as with `fit`. Without them, the memory must be fitted. States are +1 and -1.
    tie : {"keep", "+1", "0"}, default "keep"
        What a unit becomes whose field is exactly 0: what it was, +1, or 0.
    labels : array_like (N,), optional
        A label for each pattern.
    values : array_like (N, Dv), optional
        Associated values: a vector for each pattern. Default: codes of the labels, one unit for each class: +1
        for the pattern's own, -1 for the others.
    prepare : {"auto", "none", "center", "normalize", "standardize", "packed"}, default "auto"
        Preparation of the patterns. auto centres and scales bytes and bools and leaves other numbers unchanged;
        packed turns two values into -1 and 1 with one bit per unit.
    dtype : {"float32", "float64"}, optional
        Number type of the states. Default: float64 if the patterns are, else float32.
    random_state : int, numpy.random.Generator, numpy.random.RandomState or None, default 0
        Seed of all random numbers of a recall. None draws a seed from NumPy.

    Attributes
    ----------
    n_features_in_ : int
        Units of a pattern, D.
    feature_names_in_ : ndarray of str (D,)
        Names of the columns, if the patterns were a data frame with names.

    Examples
    --------
    >>> import attractor
    >>> memory = attractor.Bidirectional([[1.0, 1, 1, 1, -1, -1, -1, -1], [1, -1, 1, -1, 1, -1, 1, -1]], values=[[1.0, -1], [-1, 1]])
    >>> memory.recall([[1.0, 1, 1, 1, -1, -1, -1, 1]]).memory
    array([0])
    """

    _model: ClassVar[str] = "bidirectional"
    _options: ClassVar[tuple[str, ...]] = ("tie",)
    _parameters: ClassVar[tuple[str, ...]] = ("tie", "prepare", "dtype", "random_state")

    def __init__(
        self,
        patterns: Any = None,
        *,
        tie: Literal["keep", "+1", "0"] | None = None,
        prepare: str = "auto",
        dtype: Any = None,
        random_state: Any = 0,
        labels: Any = None,
        values: Any = None,
    ) -> None:
        self.tie = tie
        self.prepare = prepare
        self.dtype = dtype
        self.random_state = random_state
        self._begin(patterns, labels=labels, values=values)


class Sequence(Plain, Memory):
    """Memory of sequences.

    ::

        x <- sign sum_n y_(n+1) f(m_n), m_n = x.y_n/D;  with dwell x <- sign sum_n [y_n f(m_n) + drive y_(n+1) f(mean
        m_n)]

    Family: sequences. Cost: 3 N D multiply-adds an update and cue (twice that with dwell), fewer where few patterns
    have weight; 3 N D numbers. Source: Chaudhry, Zavatone-Veth, Krotov & Pehlevan (2023); Sompolinsky & Kanter
    (1986); Kleinfeld (1986).

    Parameters
    ----------
    patterns : array_like (N, D), or (N, ...) of images, optional
        Patterns to store, as with `fit`. Without them, the memory must be fitted. States are +1 and -1.
    separation : str, default "exp"
        How the overlap u with a pattern becomes the weight of the next one. One of poly:N, exp.
    rule : {"hebb", "pseudo-inverse"}, default "hebb"
        What the overlaps are: those with the patterns, or pseudo-inverse, which takes out what patterns have in
        common.
    dwell : int from 2 to 100, default none
        Hold each memory for so many steps: the state holds itself, and the mean of its last steps drives it on.
    drive : float > 0, default 2.5
        Strength of the drive to the next pattern, with dwell.
    closed : bool, default False
        The first pattern follows the last; otherwise a recall rests at the last.
    starts : list of int, default none, one sequence
        Indices of the patterns at which further sequences start, as 10,25 (the first pattern is 0).
    tie : {"keep", "+1", "0"}, default "keep"
        What a unit becomes whose field is exactly 0: what it was, +1, or 0.
    labels : array_like (N,), optional
        A label for each pattern.
    prepare : {"auto", "none", "center", "normalize", "standardize", "packed"}, default "auto"
        Preparation of the patterns. auto centres and scales bytes and bools and leaves other numbers unchanged;
        packed turns two values into -1 and 1 with one bit per unit.
    dtype : {"float32", "float64"}, optional
        Number type of the states. Default: float64 if the patterns are, else float32.
    random_state : int, numpy.random.Generator, numpy.random.RandomState or None, default 0
        Seed of all random numbers of a recall. None draws a seed from NumPy.

    Attributes
    ----------
    n_features_in_ : int
        Units of a pattern, D.
    feature_names_in_ : ndarray of str (D,)
        Names of the columns, if the patterns were a data frame with names.

    Examples
    --------
    >>> import attractor
    >>> memory = attractor.Sequence([[1.0, 1, 1, 1, -1, -1, -1, -1], [1, -1, 1, -1, 1, -1, 1, -1]])
    >>> memory.recall([[1.0, 1, 1, 1, -1, -1, -1, 1]]).memory
    array([1])
    """

    _model: ClassVar[str] = "sequence"
    _options: ClassVar[tuple[str, ...]] = ("separation", "rule", "dwell", "drive", "closed", "starts", "tie")
    _parameters: ClassVar[tuple[str, ...]] = ("separation", "rule", "dwell", "drive", "closed", "starts", "tie", "prepare", "dtype", "random_state")
    _flags: ClassVar[tuple[str, ...]] = ("closed",)

    def __init__(
        self,
        patterns: Any = None,
        *,
        separation: str | None = None,
        rule: Literal["hebb", "pseudo-inverse"] | None = None,
        dwell: int | None = None,
        drive: float | None = None,
        closed: bool = False,
        starts: abc.Sequence[float] | None = None,
        tie: Literal["keep", "+1", "0"] | None = None,
        prepare: str = "auto",
        dtype: Any = None,
        random_state: Any = 0,
        labels: Any = None,
    ) -> None:
        self.separation = separation
        self.rule = rule
        self.dwell = dwell
        self.drive = drive
        self.closed = closed
        self.starts = starts
        self.tie = tie
        self.prepare = prepare
        self.dtype = dtype
        self.random_state = random_state
        self._begin(patterns, labels=labels)


class SparseDistributed(Valued, Located, Memory):
    """Sparse distributed memory.

    ::

        write: c_a += y, |a - y| <= R;  read: x <- sign(sum of c_a over |a - x| <= R)  (no energy)

    Family: classical. Cost: M D bits compared and p M D counters added an update and cue; M D counters and M D bits.
    Source: Kanerva (1988, 1993).

    Parameters
    ----------
    patterns : array_like (N, D), or (N, ...) of images, optional
        Patterns to store, as with `fit`. Without them, the memory must be fitted. States are +1 and -1.
    locations : int from 1 to 4294967295, default 10000
        Hard locations M: random addresses with a counter for each unit.
    location_seed : int, default 0
        Seed of the hard locations' addresses.
    addresses : path or array_like (M, D), default none
        Addresses of your own, an M x D array of +1 and -1, or of 1 and 0, in place of random ones.
    radius : int > 0 or "auto", default "auto"
        Hamming radius R within which locations are active; auto follows from the activation probability.
    activation : float between 0 and 1 or "auto", default auto, which is Kanerva's optimum (2 M N)^(-1/3)
        Probability that a location is active, which sets the radius.
    counters : int from 2 to 32, default 8
        Bits of a counter, which stops at its limits +-(2^(bits-1) - 1).
    tie : {"keep", "+1", "0"}, default "keep"
        What a unit becomes whose field is exactly 0: what it was, +1, or 0.
    labels : array_like (N,), optional
        A label for each pattern.
    values : array_like (N, Dv), optional
        Associated values: a vector for each pattern.
    prepare : {"auto", "none", "center", "normalize", "standardize", "packed"}, default "auto"
        Preparation of the patterns. auto centres and scales bytes and bools and leaves other numbers unchanged;
        packed turns two values into -1 and 1 with one bit per unit.
    dtype : {"float32", "float64"}, optional
        Number type of the states. Default: float64 if the patterns are, else float32.
    random_state : int, numpy.random.Generator, numpy.random.RandomState or None, default 0
        Seed of all random numbers of a recall. None draws a seed from NumPy.

    Attributes
    ----------
    n_features_in_ : int
        Units of a pattern, D.
    feature_names_in_ : ndarray of str (D,)
        Names of the columns, if the patterns were a data frame with names.

    Examples
    --------
    >>> import attractor
    >>> memory = attractor.SparseDistributed([[1.0, 1, 1, 1, -1, -1, -1, -1], [1, -1, 1, -1, 1, -1, 1, -1]])
    >>> memory.recall([[1.0, 1, 1, 1, -1, -1, -1, 1]]).memory
    array([0])
    """

    _model: ClassVar[str] = "sparse-distributed"
    _options: ClassVar[tuple[str, ...]] = ("locations", "location_seed", "addresses", "radius", "activation", "counters", "tie")
    _parameters: ClassVar[tuple[str, ...]] = ("locations", "location_seed", "addresses", "radius", "activation", "counters", "tie", "prepare", "dtype", "random_state")

    def __init__(
        self,
        patterns: Any = None,
        *,
        locations: int | None = None,
        location_seed: int | None = None,
        addresses: Any = None,
        radius: int | Literal["auto"] | None = None,
        activation: float | Literal["auto"] | None = None,
        counters: int | None = None,
        tie: Literal["keep", "+1", "0"] | None = None,
        prepare: str = "auto",
        dtype: Any = None,
        random_state: Any = 0,
        labels: Any = None,
        values: Any = None,
    ) -> None:
        self.locations = locations
        self.location_seed = location_seed
        self.addresses = addresses
        self.radius = radius
        self.activation = activation
        self.counters = counters
        self.tie = tie
        self.prepare = prepare
        self.dtype = dtype
        self.random_state = random_state
        self._begin(patterns, labels=labels, values=values)


class Dense(Plain, Memory):
    """Dense associative memory.

    ::

        E(x) = -sum_n F(x.y_n), F = u^k, max(u,0)^k; or -ln sum_n exp(x.y_n);  flips that lower E

    Family: dense. Cost: N operations a unit, N D a sweep and cue; 2 N D numbers. Source: Krotov & Hopfield (2016);
    Demircigil et al. (2017); Ambrogioni (2023), Eq. 4.

    Parameters
    ----------
    patterns : array_like (N, D), or (N, ...) of images, optional
        Patterns to store, as with `fit`. Without them, the memory must be fitted. States are +1 and -1.
    interaction : str, default "poly:3"
        The interaction function F of the overlaps, of degree K. One of poly:K, relu:K, exp.
    update : {"synchronous", "asynchronous", "glauber"}, default "asynchronous"
        Which units move: all at once, one after the other, or one after the other at random at a temperature.
    order : {"random", "fixed"}, default "random"
        Order of the units in a sweep, with update asynchronous or glauber.
    temperature : float > 0, default none; glauber needs one
        Temperature T, with update glauber, in units of the energy (for Hebb, T/D is the T of AGS).
    tie : {"keep", "+1", "0"}, default "keep"
        What a unit becomes whose field is exactly 0: what it was, +1, or 0.
    labels : array_like (N,), optional
        A label for each pattern.
    prepare : {"auto", "none", "center", "normalize", "standardize", "packed"}, default "auto"
        Preparation of the patterns. auto centres and scales bytes and bools and leaves other numbers unchanged;
        packed turns two values into -1 and 1 with one bit per unit.
    dtype : {"float32", "float64"}, optional
        Number type of the states. Default: float64 if the patterns are, else float32.
    random_state : int, numpy.random.Generator, numpy.random.RandomState or None, default 0
        Seed of all random numbers of a recall. None draws a seed from NumPy.

    Attributes
    ----------
    n_features_in_ : int
        Units of a pattern, D.
    feature_names_in_ : ndarray of str (D,)
        Names of the columns, if the patterns were a data frame with names.

    Examples
    --------
    >>> import attractor
    >>> memory = attractor.Dense([[1.0, 1, 1, 1, -1, -1, -1, -1], [1, -1, 1, -1, 1, -1, 1, -1]])
    >>> memory.recall([[1.0, 1, 1, 1, -1, -1, -1, 1]]).memory
    array([0])
    """

    _model: ClassVar[str] = "dense"
    _options: ClassVar[tuple[str, ...]] = ("interaction", "update", "order", "temperature", "tie")
    _parameters: ClassVar[tuple[str, ...]] = ("interaction", "update", "order", "temperature", "tie", "prepare", "dtype", "random_state")

    def __init__(
        self,
        patterns: Any = None,
        *,
        interaction: str | None = None,
        update: Literal["synchronous", "asynchronous", "glauber"] | None = None,
        order: Literal["random", "fixed"] | None = None,
        temperature: float | None = None,
        tie: Literal["keep", "+1", "0"] | None = None,
        prepare: str = "auto",
        dtype: Any = None,
        random_state: Any = 0,
        labels: Any = None,
    ) -> None:
        self.interaction = interaction
        self.update = update
        self.order = order
        self.temperature = temperature
        self.tie = tie
        self.prepare = prepare
        self.dtype = dtype
        self.random_state = random_state
        self._begin(patterns, labels=labels)


class Modern(WeightedValued, Memory):
    """Modern continuous Hopfield network.

    ::

        E(x) = -1/beta ln sum_n exp(beta x.y_n) + |x|^2/2;  x <- Y' softmax(beta Y x); or another separation

    Family: modern. Cost: 4 N D operations and N exponentials an update and cue; N D numbers. Source: Ramsauer et al.
    (2021); Ambrogioni (2023), Eq. 5; Santos et al. (2024) for other separations.

    Parameters
    ----------
    patterns : array_like (N, D), or (N, ...) of images, optional
        Patterns to store, as with `fit`. Without them, the memory must be fitted.
    beta : float from 1e-30 to 1e30 or "auto", default "auto"
        Inverse temperature; auto makes it large enough to separate the stored patterns.
    separation : str, default "softmax"
        How scores beta x.y become weights; all but softmax give most patterns a weight of exactly 0. One of
        softmax, sparsemax, entmax:ALPHA, normmax:GAMMA.
    norm_bias : bool or "auto", default auto, which is on for prepared patterns
        Use logits beta x.y - beta |y|^2/2, which compare patterns of unequal norm by distance.
    labels : array_like (N,), optional
        A label for each pattern.
    weights : array_like (N,), optional
        Prior weights > 0 of the patterns.
    values : array_like (N, Dv), optional
        Associated values: a vector for each pattern.
    prepare : {"auto", "none", "center", "normalize", "standardize", "packed"}, default "auto"
        Preparation of the patterns. auto centres and scales bytes and bools and leaves other numbers unchanged;
        packed turns two values into -1 and 1 with one bit per unit.
    dtype : {"float32", "float64"}, optional
        Number type of the states. Default: float64 if the patterns are, else float32.
    random_state : int, numpy.random.Generator, numpy.random.RandomState or None, default 0
        Seed of all random numbers of a recall. None draws a seed from NumPy.

    Attributes
    ----------
    n_features_in_ : int
        Units of a pattern, D.
    feature_names_in_ : ndarray of str (D,)
        Names of the columns, if the patterns were a data frame with names.

    Examples
    --------
    >>> import attractor
    >>> memory = attractor.Modern([[1.0, 1, 1, 1, -1, -1, -1, -1], [1, -1, 1, -1, 1, -1, 1, -1]])
    >>> memory.recall([[1.0, 1, 1, 1, -1, -1, -1, 1]]).memory
    array([0])
    """

    _model: ClassVar[str] = "modern"
    _options: ClassVar[tuple[str, ...]] = ("beta", "separation", "norm_bias")
    _parameters: ClassVar[tuple[str, ...]] = ("beta", "separation", "norm_bias", "prepare", "dtype", "random_state")

    def __init__(
        self,
        patterns: Any = None,
        *,
        beta: float | Literal["auto"] | None = None,
        separation: str | None = None,
        norm_bias: bool | str | None = None,
        prepare: str = "auto",
        dtype: Any = None,
        random_state: Any = 0,
        labels: Any = None,
        weights: Any = None,
        values: Any = None,
    ) -> None:
        self.beta = beta
        self.separation = separation
        self.norm_bias = norm_bias
        self.prepare = prepare
        self.dtype = dtype
        self.random_state = random_state
        self._begin(patterns, labels=labels, weights=weights, values=values)


class LogSumRelu(WeightedValued, Memory):
    """Memory with supports of finite size (log-sum-ReLU).

    ::

        E(x) = -1/beta ln(epsilon + sum_n max(0, 1 - beta |x - y_n|^2/2));  x <- mean of the y_n within sqrt(2/beta)

    Family: modern. Cost: 3 N D operations an update and cue; N D numbers. Source: Hoover et al. (2025).

    Parameters
    ----------
    patterns : array_like (N, D), or (N, ...) of images, optional
        Patterns to store, as with `fit`. Without them, the memory must be fitted.
    beta : float from 1e-30 to 1e30 or "auto", default "auto"
        Inverse temperature, which sets the radius sqrt(2/beta) of supports; auto makes it the distance of the two
        nearest patterns, so that each is recalled exactly.
    epsilon : float from 1e-300 to 1, default 1e-6
        What keeps the energy finite where no support is; it moves no minimum.
    labels : array_like (N,), optional
        A label for each pattern.
    weights : array_like (N,), optional
        Prior weights > 0 of the patterns.
    values : array_like (N, Dv), optional
        Associated values: a vector for each pattern.
    prepare : {"auto", "none", "center", "normalize", "standardize", "packed"}, default "auto"
        Preparation of the patterns. auto centres and scales bytes and bools and leaves other numbers unchanged;
        packed turns two values into -1 and 1 with one bit per unit.
    dtype : {"float32", "float64"}, optional
        Number type of the states. Default: float64 if the patterns are, else float32.
    random_state : int, numpy.random.Generator, numpy.random.RandomState or None, default 0
        Seed of all random numbers of a recall. None draws a seed from NumPy.

    Attributes
    ----------
    n_features_in_ : int
        Units of a pattern, D.
    feature_names_in_ : ndarray of str (D,)
        Names of the columns, if the patterns were a data frame with names.

    Examples
    --------
    >>> import attractor
    >>> memory = attractor.LogSumRelu([[1.0, 1, 1, 1, -1, -1, -1, -1], [1, -1, 1, -1, 1, -1, 1, -1]], beta=0.3)
    >>> memory.recall([[1.0, 1, 1, 1, -1, -1, -1, 1]]).memory
    array([0])
    """

    _model: ClassVar[str] = "log-sum-relu"
    _options: ClassVar[tuple[str, ...]] = ("beta", "epsilon")
    _parameters: ClassVar[tuple[str, ...]] = ("beta", "epsilon", "prepare", "dtype", "random_state")

    def __init__(
        self,
        patterns: Any = None,
        *,
        beta: float | Literal["auto"] | None = None,
        epsilon: float | None = None,
        prepare: str = "auto",
        dtype: Any = None,
        random_state: Any = 0,
        labels: Any = None,
        weights: Any = None,
        values: Any = None,
    ) -> None:
        self.beta = beta
        self.epsilon = epsilon
        self.prepare = prepare
        self.dtype = dtype
        self.random_state = random_state
        self._begin(patterns, labels=labels, weights=weights, values=values)


class RandomFeatures(Summed, Memory):
    """Memory of fixed size (random features).

    ::

        E(x) = -1/beta ln 1/M sum_j (C_j cos w_j.x + S_j sin w_j.x), C_j + i S_j = sum_n exp(i w_j.y_n);  x <- x - s
        grad E(x)

    Family: modern. Cost: 8 D M operations and 4 M sines an update and cue, 2 D M a pattern; 2 M + D numbers are kept,
    and D M drawn from the seed. Source: Hoover et al. (2024); Rahimi and Recht (2007).

    Parameters
    ----------
    patterns : array_like (N, D), or (N, ...) of images, optional
        Patterns to store, as with `fit`. Without them, the memory must be fitted.
    features : int from 1 to 100000000, default 16384
        How many random features to keep, M; patterns of D units are told apart up to about M/(2 D) of them.
    beta : float from 1e-30 to 1e30 or "auto", default "auto"
        Inverse temperature, fixed when the first patterns are stored; auto makes it just large enough to separate
        most of them.
    feature_seed : int, default 0
        Seed of the frequencies of the features.
    weights : array_like (N,), optional
        Prior weights > 0 of the patterns.
    prepare : {"auto", "none", "center", "normalize", "standardize", "packed"}, default "auto"
        Preparation of the patterns. auto centres and scales bytes and bools and leaves other numbers unchanged;
        packed turns two values into -1 and 1 with one bit per unit.
    dtype : {"float32", "float64"}, optional
        Number type of the states. Default: float64 if the patterns are, else float32.
    random_state : int, numpy.random.Generator, numpy.random.RandomState or None, default 0
        Seed of all random numbers of a recall. None draws a seed from NumPy.

    Attributes
    ----------
    n_features_in_ : int
        Units of a pattern, D.
    feature_names_in_ : ndarray of str (D,)
        Names of the columns, if the patterns were a data frame with names.

    Examples
    --------
    >>> import attractor
    >>> memory = attractor.RandomFeatures([[1.0, 1, 1, 1, -1, -1, -1, -1], [1, -1, 1, -1, 1, -1, 1, -1]])
    >>> memory.recall([[1.0, 1, 1, 1, -1, -1, -1, 1]]).states.round().astype(int).tolist()
    [[1, 1, 1, 1, -1, -1, -1, -1]]
    """

    _model: ClassVar[str] = "random-features"
    _options: ClassVar[tuple[str, ...]] = ("features", "beta", "feature_seed")
    _parameters: ClassVar[tuple[str, ...]] = ("features", "beta", "feature_seed", "prepare", "dtype", "random_state")

    def __init__(
        self,
        patterns: Any = None,
        *,
        features: int | None = None,
        beta: float | Literal["auto"] | None = None,
        feature_seed: int | None = None,
        prepare: str = "auto",
        dtype: Any = None,
        random_state: Any = 0,
        weights: Any = None,
    ) -> None:
        self.features = features
        self.beta = beta
        self.feature_seed = feature_seed
        self.prepare = prepare
        self.dtype = dtype
        self.random_state = random_state
        self._begin(patterns, weights=weights)


class ContinuousSequence(Plain, Memory):
    """Memory of sequences of real patterns.

    ::

        x <- sum_n y_(n+1) softmax_n(beta Y x);  with noise x <- sum_n y_(n+1) P(n | x + noise e)

    Family: sequences. Cost: 4 N D operations and N exponentials an update and cue; 2 N D numbers. Source: Chaudhry,
    Zavatone-Veth, Krotov & Pehlevan (2023); Ramsauer et al. (2021); Ambrogioni (2023), Eq. 12.

    Parameters
    ----------
    patterns : array_like (N, D), or (N, ...) of images, optional
        Patterns to store, as with `fit`. Without them, the memory must be fitted.
    beta : float from 1e-30 to 1e30 or "auto", default "auto"
        Inverse temperature; auto makes it large enough to separate the stored patterns.
    norm_bias : bool or "auto", default auto, which is on for prepared patterns
        Use logits beta x.y - beta |y|^2/2, which compare patterns of unequal norm by distance.
    noise : float > 0, default none
        Noise of a transition, in the units of the patterns: each state is noised, and its posterior at that level
        leads on.
    closed : bool, default False
        The first pattern follows the last; otherwise a recall rests at the last.
    starts : list of int, default none, one sequence
        Indices of the patterns at which further sequences start, as 10,25 (the first pattern is 0).
    labels : array_like (N,), optional
        A label for each pattern.
    prepare : {"auto", "none", "center", "normalize", "standardize", "packed"}, default "auto"
        Preparation of the patterns. auto centres and scales bytes and bools and leaves other numbers unchanged;
        packed turns two values into -1 and 1 with one bit per unit.
    dtype : {"float32", "float64"}, optional
        Number type of the states. Default: float64 if the patterns are, else float32.
    random_state : int, numpy.random.Generator, numpy.random.RandomState or None, default 0
        Seed of all random numbers of a recall. None draws a seed from NumPy.

    Attributes
    ----------
    n_features_in_ : int
        Units of a pattern, D.
    feature_names_in_ : ndarray of str (D,)
        Names of the columns, if the patterns were a data frame with names.

    Examples
    --------
    >>> import attractor
    >>> memory = attractor.ContinuousSequence([[1.0, 1, 1, 1, -1, -1, -1, -1], [1, -1, 1, -1, 1, -1, 1, -1]])
    >>> memory.recall([[1.0, 1, 1, 1, -1, -1, -1, 1]]).memory
    array([1])
    """

    _model: ClassVar[str] = "continuous-sequence"
    _options: ClassVar[tuple[str, ...]] = ("beta", "norm_bias", "noise", "closed", "starts")
    _parameters: ClassVar[tuple[str, ...]] = ("beta", "norm_bias", "noise", "closed", "starts", "prepare", "dtype", "random_state")
    _flags: ClassVar[tuple[str, ...]] = ("closed",)

    def __init__(
        self,
        patterns: Any = None,
        *,
        beta: float | Literal["auto"] | None = None,
        norm_bias: bool | str | None = None,
        noise: float | None = None,
        closed: bool = False,
        starts: abc.Sequence[float] | None = None,
        prepare: str = "auto",
        dtype: Any = None,
        random_state: Any = 0,
        labels: Any = None,
    ) -> None:
        self.beta = beta
        self.norm_bias = norm_bias
        self.noise = noise
        self.closed = closed
        self.starts = starts
        self.prepare = prepare
        self.dtype = dtype
        self.random_state = random_state
        self._begin(patterns, labels=labels)


class Universal(Valued, Memory):
    """Universal Hopfield network.

    ::

        z = P sep(sim(M, q)): similarity, separation, projection

    Family: single-shot. Cost: N D operations an update and cue, and N D more where all patterns have weight; N D
    numbers. Source: Millidge et al. (2022), Eq. 1.

    Parameters
    ----------
    patterns : array_like (N, D), or (N, ...) of images, optional
        Patterns to store, as with `fit`. Without them, the memory must be fitted.
    similarity : {"dot", "cosine", "pearson", "euclidean", "manhattan", "inverse-euclidean", "inverse-manhattan", "l1-dot", "kl", "reverse-kl", "jensen-shannon", "hamming"}, default "manhattan"
        How alike a pattern and the cue are.
    separation : str, default "max"
        How similarities become weights; N is the exponent of the weights, which is one less than the degree of
        the energy. One of max, softmax:BETA, sparsemax[:BETA], entmax:ALPHA[:BETA], normmax:GAMMA[:BETA], exp,
        k-max:K, threshold:R, poly:N, relu:N, identity, sqrt, log.
    preset : str, default none
        Similarity, separation and output of a known model; the other options change parts of it. One of
        classical, bidirectional, sparse-distributed, continuous-sdm, dense[:K], modern, attention, nearest,
        predictive, episodic.
    output : {"identity", "sign"}, default "identity"
        What is done to the read state.
    compat : {"uhn2022"}, default none
        Compute as the code published with Millidge et al. (2022) does, slips included.
    dynamics : {"single-shot", "descent", "two-layer"}, default "single-shot"
        How states move: single-shot takes what is read, descent goes to what lowers the energy (for manhattan, to
        medians), two-layer integrates visible and hidden units.
    visible : {"identity", "tanh"}, default identity, or tanh where the energy would have no lower bound
        Activity of visible units, with dynamics two-layer.
    lag : float >= 0, default 0.1
        Time constant of hidden units over that of visible ones, with dynamics two-layer.
    step : float > 0, default 0.2
        Length of an update over the time constant of visible units, with dynamics two-layer.
    labels : array_like (N,), optional
        A label for each pattern.
    values : array_like (N, Dv), optional
        Associated values: a vector for each pattern.
    prepare : {"auto", "none", "center", "normalize", "standardize", "packed"}, default "auto"
        Preparation of the patterns. auto leaves images as they are and leaves other numbers unchanged; packed
        turns two values into -1 and 1 with one bit per unit.
    dtype : {"float32", "float64"}, optional
        Number type of the states. Default: float64 if the patterns are, else float32.
    random_state : int, numpy.random.Generator, numpy.random.RandomState or None, default 0
        Seed of all random numbers of a recall. None draws a seed from NumPy.

    Attributes
    ----------
    n_features_in_ : int
        Units of a pattern, D.
    feature_names_in_ : ndarray of str (D,)
        Names of the columns, if the patterns were a data frame with names.

    Examples
    --------
    >>> import attractor
    >>> memory = attractor.Universal([[1.0, 1, 1, 1, -1, -1, -1, -1], [1, -1, 1, -1, 1, -1, 1, -1]])
    >>> memory.recall([[1.0, 1, 1, 1, -1, -1, -1, 1]]).memory
    array([0])
    """

    _model: ClassVar[str] = "universal"
    _options: ClassVar[tuple[str, ...]] = ("similarity", "separation", "preset", "output", "compat", "dynamics", "visible", "lag", "step")
    _parameters: ClassVar[tuple[str, ...]] = ("similarity", "separation", "preset", "output", "compat", "dynamics", "visible", "lag", "step", "prepare", "dtype", "random_state")

    def __init__(
        self,
        patterns: Any = None,
        *,
        similarity: Literal["dot", "cosine", "pearson", "euclidean", "manhattan", "inverse-euclidean", "inverse-manhattan", "l1-dot", "kl", "reverse-kl", "jensen-shannon", "hamming"] | None = None,
        separation: str | None = None,
        preset: str | None = None,
        output: Literal["identity", "sign"] | None = None,
        compat: Literal["uhn2022"] | None = None,
        dynamics: Literal["single-shot", "descent", "two-layer"] | None = None,
        visible: Literal["identity", "tanh"] | None = None,
        lag: float | None = None,
        step: float | None = None,
        prepare: str = "auto",
        dtype: Any = None,
        random_state: Any = 0,
        labels: Any = None,
        values: Any = None,
    ) -> None:
        self.similarity = similarity
        self.separation = separation
        self.preset = preset
        self.output = output
        self.compat = compat
        self.dynamics = dynamics
        self.visible = visible
        self.lag = lag
        self.step = step
        self.prepare = prepare
        self.dtype = dtype
        self.random_state = random_state
        self._begin(patterns, labels=labels, values=values)


class Diffusion(WeightedValued, Memory):
    """Exact-score diffusion on stored patterns.

    ::

        E_s(z) = -s^2 ln 1/N sum_n exp(-|z-y_n|^2/2s^2);  dz/ds = (z - D(z;s))/s down to s = 0

    Family: diffusion. Cost: 4 N D operations and N exponentials a read and cue, with one or two reads a step; N D
    numbers. Source: Ambrogioni (2023), Eq. 6-14 and App. A; samplers: Song et al. (2021), Karras et al. (2022), Lu et
    al. (2022).

    Parameters
    ----------
    patterns : array_like (N, D), or (N, ...) of images, optional
        Patterns to store, as with `fit`. Without them, the memory must be fitted.
    process : {"ve", "vp", "vp-linear", "sub-vp", "edm", "flow", "potential"} or Process or Potential, default "vp"
        Noising process; potential takes the one of the option potential. A `Process` carries its rates.
    potential : str, default none
        Potential of the process potential, in TOML: its minimum, Hessian and sigma, as in
        docs/ideas/potentials.md.
    gamma : float from 1e-12 to 1e12, default 1 for ve, 0.8 for vp
        Constant rate of vp (its gamma) or ve (noise per square root of time).
    rate_min : float from 1e-12 to 1e12, default 0.1
        Rate of vp-linear and sub-vp at t = 0.
    rate_max : float from 1e-12 to 1e12, default 20
        Rate of vp-linear and sub-vp at t = 1.
    sampler : {"euler", "ddim", "heun", "dpmpp-2m", "dpmpp-3m", "unipc", "lms", "dormand-prince", "euler-maruyama", "ancestral", "dpmpp-2m-sde", "dpmpp-3m-sde", "predictor-corrector", "langevin", "bridge", "one-step"} or Sampler, default "dpmpp-2m"
        How a state is taken from the noise level of its cue down to 0. A `Sampler` carries its steps and grid.
    steps : int from 1 to 100000, default 24; 1 for one-step; 12 for heun; 48 for ddim; 150 for predictor-corrector; 300 for euler, euler-maruyama, ancestral, dpmpp-2m-sde, dpmpp-3m-sde; 1000 for langevin; twice as many for mixture
        Steps of the sampler; dormand-prince takes as many of its own between them as its accuracy needs.
    spacing : {"powers", "karras", "exponential", "polyexponential", "times", "beta", "linspace", "linspace-whole", "linspace-dpm", "leading", "leading-dpm", "trailing"}, default times for the Euler methods, linspace with betas, powers for others
        How noise levels are spaced, from that of the cue to the last one above 0.
    rho : float from 0.1 to 100, default 2; 7 for karras, 1 for polyexponential
        Exponent of the spacings powers, karras and polyexponential: 1 for equal steps, 7 for those of Karras et
        al. (2022).
    last : float from 1e-12 to 1, default 0.002, or a tenth of the level of a cue where that is lower; none for times
        Last noise level above 0, in spreads of the memory (root mean square of a unit about the mean pattern); a
        cue with less noise makes one step.
    sigmas : list of float, default none
        Noise levels of your own instead of a grid, in the units of the cues: a cue goes from its own level
        through those below it, and then to 0.
    betas : str, default none
        Noise levels of a table of training steps, as of DDPM: spacing says which of them; a cue goes from its own
        level through those below it. One of linear[:FIRST:LAST[:COUNT]], scaled-linear[:FIRST:LAST[:COUNT]],
        cosine[:COUNT].
    offset : int from 0 to 1000, default 0
        Steps of the table that leading levels are moved up by (steps_offset of diffusers).
    shift : float from 0.001 to 1000, default 1
        Factor of noise for equal times: above 1 more steps have much noise (shift of flow matching, as in Stable
        Diffusion 3).
    until : float >= 0, default 0
        Noise level where a recall ends, in the units of the cues; above 0 this much noise is left.
    start : float > 0, default 10 radii of the memory, or the highest of sigmas or betas
        Noise level where a recall without cues starts, in the units of the cues (sigma_max); 1e7 is pure noise, t
        = 1 of a flow.
    eta : float from 0 to 1, default 0 for ddim, 1 for the others that have it
        Share of the noise of the reverse SDE: 0 follows the probability flow, 1 draws from the posterior.
    s_churn : float from 0 to 1e6, default 0
        Noise that heun and ddim add before each step: a level rises by the factor 1 + min(s-churn/steps, sqrt(2)
        - 1).
    s_tmin : float >= 0, default 0
        Lowest level that s-churn raises, in the units of the cues.
    s_tmax : float >= 0, default none
        Highest level that s-churn raises, in the units of the cues.
    s_noise : float from 0 to 10, default 1
        Standard deviation of the noise of s-churn.
    snr : float from 1e-6 to 10, default none: a correction takes the time 1 - sigma'/sigma
        Signal-to-noise ratio of a correction of predictor-corrector, as in Song et al., who take 0.16.
    accuracy : float from 1e-14 to 1, default 1e-6
        Error that dormand-prince may make in a step (root mean square of a unit, in spreads of the memory).
    narrow : bool, default True
        Skip patterns that certainly have no weight, which is faster: of 1,024 patterns or more with more than
        65,536 numbers, single ones, and results agree to 1e-6 a unit; of fewer, all others once one pattern has
        won, and results agree to rounding.
    labels : array_like (N,), optional
        A label for each pattern.
    weights : array_like (N,), optional
        Prior weights > 0 of the patterns.
    values : array_like (N, Dv), optional
        Associated values: a vector for each pattern.
    prepare : {"auto", "none", "center", "normalize", "standardize", "packed"}, default "auto"
        Preparation of the patterns. auto centres and scales bytes and bools and leaves other numbers unchanged;
        packed turns two values into -1 and 1 with one bit per unit.
    dtype : {"float32", "float64"}, optional
        Number type of the states. Default: float64 if the patterns are, else float32.
    random_state : int, numpy.random.Generator, numpy.random.RandomState or None, default 0
        Seed of all random numbers of a recall. None draws a seed from NumPy.

    Attributes
    ----------
    n_features_in_ : int
        Units of a pattern, D.
    feature_names_in_ : ndarray of str (D,)
        Names of the columns, if the patterns were a data frame with names.

    Examples
    --------
    >>> import attractor
    >>> memory = attractor.Diffusion([[1.0, 1, 1, 1, -1, -1, -1, -1], [1, -1, 1, -1, 1, -1, 1, -1]])
    >>> memory.recall([[1.0, 1, 1, 1, -1, -1, -1, 1]]).memory
    array([0])
    """

    _model: ClassVar[str] = "diffusion"
    _options: ClassVar[tuple[str, ...]] = ("process", "potential", "gamma", "rate_min", "rate_max", "sampler", "steps", "spacing", "rho", "last", "sigmas", "betas", "offset", "shift", "until", "start", "eta", "s_churn", "s_tmin", "s_tmax", "s_noise", "snr", "accuracy", "narrow")
    _parameters: ClassVar[tuple[str, ...]] = ("process", "potential", "gamma", "rate_min", "rate_max", "sampler", "steps", "spacing", "rho", "last", "sigmas", "betas", "offset", "shift", "until", "start", "eta", "s_churn", "s_tmin", "s_tmax", "s_noise", "snr", "accuracy", "narrow", "prepare", "dtype", "random_state")

    def __init__(
        self,
        patterns: Any = None,
        *,
        process: Literal["ve", "vp", "vp-linear", "sub-vp", "edm", "flow", "potential"] | Process | Potential | None = None,
        potential: str | None = None,
        gamma: float | None = None,
        rate_min: float | None = None,
        rate_max: float | None = None,
        sampler: Literal["euler", "ddim", "heun", "dpmpp-2m", "dpmpp-3m", "unipc", "lms", "dormand-prince", "euler-maruyama", "ancestral", "dpmpp-2m-sde", "dpmpp-3m-sde", "predictor-corrector", "langevin", "bridge", "one-step"] | Sampler | None = None,
        steps: int | None = None,
        spacing: Literal["powers", "karras", "exponential", "polyexponential", "times", "beta", "linspace", "linspace-whole", "linspace-dpm", "leading", "leading-dpm", "trailing"] | None = None,
        rho: float | None = None,
        last: float | None = None,
        sigmas: abc.Sequence[float] | None = None,
        betas: str | None = None,
        offset: int | None = None,
        shift: float | None = None,
        until: float | None = None,
        start: float | None = None,
        eta: float | None = None,
        s_churn: float | None = None,
        s_tmin: float | None = None,
        s_tmax: float | None = None,
        s_noise: float | None = None,
        snr: float | None = None,
        accuracy: float | None = None,
        narrow: bool | str | None = None,
        prepare: str = "auto",
        dtype: Any = None,
        random_state: Any = 0,
        labels: Any = None,
        weights: Any = None,
        values: Any = None,
    ) -> None:
        self.process = process
        self.potential = potential
        self.gamma = gamma
        self.rate_min = rate_min
        self.rate_max = rate_max
        self.sampler = sampler
        self.steps = steps
        self.spacing = spacing
        self.rho = rho
        self.last = last
        self.sigmas = sigmas
        self.betas = betas
        self.offset = offset
        self.shift = shift
        self.until = until
        self.start = start
        self.eta = eta
        self.s_churn = s_churn
        self.s_tmin = s_tmin
        self.s_tmax = s_tmax
        self.s_noise = s_noise
        self.snr = snr
        self.accuracy = accuracy
        self.narrow = narrow
        self.prepare = prepare
        self.dtype = dtype
        self.random_state = random_state
        self._begin(patterns, labels=labels, weights=weights, values=values)


class Local(Weighted, Memory):
    """Local diffusion: creation from pieces of stored images.

    ::

        D(z;s)_p = sum_n w_n(p) y_n(p),  w(p) = softmax(-|z-y_n|^2 within the window of p / 2s^2)

    Family: diffusion. Cost: N D (2 log2 of the window's side, and an exponential) a read and cue; as often as there
    are pixels if all places are compared; N D numbers. Source: Kamb & Ganguli (2024).

    Parameters
    ----------
    patterns : array_like (N, D), or (N, ...) of images, optional
        Patterns to store, as with `fit`. Without them, the memory must be fitted.
    rule : {"local", "equivariant-local", "equivariant", "ideal", "wiener"}, default "local"
        What a pixel is compared with: its window in its place (local) or at all places (equivariant-local), the
        whole image at all places (equivariant) or in its place (ideal); or the best linear denoiser (wiener).
    window : str or "auto", default "auto, which denoises images best that are not stored"
        Window of a pixel, for the rules local and equivariant-local. One of 7, whole, 3,7@0.5,whole@2.
    border : {"cut", "torus"}, default cut; torus for the rule equivariant
        Whether windows end at the border, or images go on at the opposite one.
    image : str, default "the form of the stored images, or a square if it is not known"
        Height, width and channels of the images that the patterns are. One of 28x28, 3x32x32, 32x32x3.
    process : {"ve", "vp", "vp-linear", "sub-vp", "edm", "flow"} or Process, default "vp"
        Noising process. A `Process` carries its rates.
    gamma : float from 1e-12 to 1e12, default 1 for ve, 0.8 for vp
        Constant rate of vp (its gamma) or ve (noise per square root of time).
    rate_min : float from 1e-12 to 1e12, default 0.1
        Rate of vp-linear and sub-vp at t = 0.
    rate_max : float from 1e-12 to 1e12, default 20
        Rate of vp-linear and sub-vp at t = 1.
    sampler : {"euler", "ddim", "heun", "dpmpp-2m", "dpmpp-3m", "unipc", "lms", "dormand-prince", "euler-maruyama", "ancestral", "dpmpp-2m-sde", "dpmpp-3m-sde", "predictor-corrector", "langevin", "bridge", "one-step"} or Sampler, default "dpmpp-2m"
        How a state is taken from the noise level of its cue down to 0. A `Sampler` carries its steps and grid.
    steps : int from 1 to 100000, default 24; 1 for one-step; 12 for heun; 48 for ddim; 150 for predictor-corrector; 300 for euler, euler-maruyama, ancestral, dpmpp-2m-sde, dpmpp-3m-sde; 1000 for langevin; twice as many for mixture
        Steps of the sampler; dormand-prince takes as many of its own between them as its accuracy needs.
    spacing : {"powers", "karras", "exponential", "polyexponential", "times", "beta", "linspace", "linspace-whole", "linspace-dpm", "leading", "leading-dpm", "trailing"}, default times for the Euler methods, linspace with betas, powers for others
        How noise levels are spaced, from that of the cue to the last one above 0.
    rho : float from 0.1 to 100, default 2; 7 for karras, 1 for polyexponential
        Exponent of the spacings powers, karras and polyexponential: 1 for equal steps, 7 for those of Karras et
        al. (2022).
    last : float from 1e-12 to 1, default 0.002, or a tenth of the level of a cue where that is lower; none for times
        Last noise level above 0, in spreads of the memory (root mean square of a unit about the mean pattern); a
        cue with less noise makes one step.
    sigmas : list of float, default none
        Noise levels of your own instead of a grid, in the units of the cues: a cue goes from its own level
        through those below it, and then to 0.
    betas : str, default none
        Noise levels of a table of training steps, as of DDPM: spacing says which of them; a cue goes from its own
        level through those below it. One of linear[:FIRST:LAST[:COUNT]], scaled-linear[:FIRST:LAST[:COUNT]],
        cosine[:COUNT].
    offset : int from 0 to 1000, default 0
        Steps of the table that leading levels are moved up by (steps_offset of diffusers).
    shift : float from 0.001 to 1000, default 1
        Factor of noise for equal times: above 1 more steps have much noise (shift of flow matching, as in Stable
        Diffusion 3).
    until : float >= 0, default 0
        Noise level where a recall ends, in the units of the cues; above 0 this much noise is left.
    start : float > 0, default 10 radii of the memory, or the highest of sigmas or betas
        Noise level where a recall without cues starts, in the units of the cues (sigma_max); 1e7 is pure noise, t
        = 1 of a flow.
    eta : float from 0 to 1, default 0 for ddim, 1 for the others that have it
        Share of the noise of the reverse SDE: 0 follows the probability flow, 1 draws from the posterior.
    s_churn : float from 0 to 1e6, default 0
        Noise that heun and ddim add before each step: a level rises by the factor 1 + min(s-churn/steps, sqrt(2)
        - 1).
    s_tmin : float >= 0, default 0
        Lowest level that s-churn raises, in the units of the cues.
    s_tmax : float >= 0, default none
        Highest level that s-churn raises, in the units of the cues.
    s_noise : float from 0 to 10, default 1
        Standard deviation of the noise of s-churn.
    snr : float from 1e-6 to 10, default none: a correction takes the time 1 - sigma'/sigma
        Signal-to-noise ratio of a correction of predictor-corrector, as in Song et al., who take 0.16.
    accuracy : float from 1e-14 to 1, default 1e-6
        Error that dormand-prince may make in a step (root mean square of a unit, in spreads of the memory).
    narrow : bool, default True
        Skip patterns that certainly have no weight, which is faster: of 1,024 patterns or more with more than
        65,536 numbers, single ones, and results agree to 1e-6 a unit; of fewer, all others once one pattern has
        won, and results agree to rounding.
    labels : array_like (N,), optional
        A label for each pattern.
    weights : array_like (N,), optional
        Prior weights > 0 of the patterns.
    prepare : {"auto", "none", "center", "normalize", "standardize", "packed"}, default "auto"
        Preparation of the patterns. auto centres and scales bytes and bools and leaves other numbers unchanged;
        packed turns two values into -1 and 1 with one bit per unit.
    dtype : {"float32", "float64"}, optional
        Number type of the states. Default: float64 if the patterns are, else float32.
    random_state : int, numpy.random.Generator, numpy.random.RandomState or None, default 0
        Seed of all random numbers of a recall. None draws a seed from NumPy.

    Attributes
    ----------
    n_features_in_ : int
        Units of a pattern, D.
    feature_names_in_ : ndarray of str (D,)
        Names of the columns, if the patterns were a data frame with names.

    Examples
    --------
    >>> import attractor
    >>> memory = attractor.Local([[1.0, 1, 1, 1, -1, -1, -1, -1], [1, -1, 1, -1, 1, -1, 1, -1]], image="2x4")
    >>> memory.recall([[1.0, 1, 1, 1, -1, -1, -1, 1]]).memory
    array([0])
    """

    _model: ClassVar[str] = "local"
    _options: ClassVar[tuple[str, ...]] = ("rule", "window", "border", "image", "process", "gamma", "rate_min", "rate_max", "sampler", "steps", "spacing", "rho", "last", "sigmas", "betas", "offset", "shift", "until", "start", "eta", "s_churn", "s_tmin", "s_tmax", "s_noise", "snr", "accuracy", "narrow")
    _parameters: ClassVar[tuple[str, ...]] = ("rule", "window", "border", "image", "process", "gamma", "rate_min", "rate_max", "sampler", "steps", "spacing", "rho", "last", "sigmas", "betas", "offset", "shift", "until", "start", "eta", "s_churn", "s_tmin", "s_tmax", "s_noise", "snr", "accuracy", "narrow", "prepare", "dtype", "random_state")

    def __init__(
        self,
        patterns: Any = None,
        *,
        rule: Literal["local", "equivariant-local", "equivariant", "ideal", "wiener"] | None = None,
        window: str | None = None,
        border: Literal["cut", "torus"] | None = None,
        image: str | None = None,
        process: Literal["ve", "vp", "vp-linear", "sub-vp", "edm", "flow"] | Process | None = None,
        gamma: float | None = None,
        rate_min: float | None = None,
        rate_max: float | None = None,
        sampler: Literal["euler", "ddim", "heun", "dpmpp-2m", "dpmpp-3m", "unipc", "lms", "dormand-prince", "euler-maruyama", "ancestral", "dpmpp-2m-sde", "dpmpp-3m-sde", "predictor-corrector", "langevin", "bridge", "one-step"] | Sampler | None = None,
        steps: int | None = None,
        spacing: Literal["powers", "karras", "exponential", "polyexponential", "times", "beta", "linspace", "linspace-whole", "linspace-dpm", "leading", "leading-dpm", "trailing"] | None = None,
        rho: float | None = None,
        last: float | None = None,
        sigmas: abc.Sequence[float] | None = None,
        betas: str | None = None,
        offset: int | None = None,
        shift: float | None = None,
        until: float | None = None,
        start: float | None = None,
        eta: float | None = None,
        s_churn: float | None = None,
        s_tmin: float | None = None,
        s_tmax: float | None = None,
        s_noise: float | None = None,
        snr: float | None = None,
        accuracy: float | None = None,
        narrow: bool | str | None = None,
        prepare: str = "auto",
        dtype: Any = None,
        random_state: Any = 0,
        labels: Any = None,
        weights: Any = None,
    ) -> None:
        self.rule = rule
        self.window = window
        self.border = border
        self.image = image
        self.process = process
        self.gamma = gamma
        self.rate_min = rate_min
        self.rate_max = rate_max
        self.sampler = sampler
        self.steps = steps
        self.spacing = spacing
        self.rho = rho
        self.last = last
        self.sigmas = sigmas
        self.betas = betas
        self.offset = offset
        self.shift = shift
        self.until = until
        self.start = start
        self.eta = eta
        self.s_churn = s_churn
        self.s_tmin = s_tmin
        self.s_tmax = s_tmax
        self.s_noise = s_noise
        self.snr = snr
        self.accuracy = accuracy
        self.narrow = narrow
        self.prepare = prepare
        self.dtype = dtype
        self.random_state = random_state
        self._begin(patterns, labels=labels, weights=weights)


class Mixture(Described):
    """Diffusion on memories of any form: points, subspaces, segments, spheres, clouds.

    ::

        E_s(z) = -s^2 ln sum_c w_c int exp(-|z-y|^2/2s^2) p_c(dy);  dz/ds = (z - D(z;s))/s down to s = 0

    Family: diffusion. Cost: as diffusion for points and clouds; about 4 k D operations a step, cue and shape of k
    dimensions. Source: Ambrogioni (2023), section 5.2, Eq. 23.

    Parameters
    ----------
    memories : path, list of dict, or array_like (N, D), optional
        A description: a .toml or .json file, its entries as dictionaries (see docs/ideas/extended-memories.md),
        or points.
    process : {"ve", "vp", "vp-linear", "sub-vp", "edm", "flow", "potential"} or Process or Potential, default "vp"
        Noising process; potential takes the one of the option potential. A `Process` carries its rates.
    potential : str, default none
        Potential of the process potential, in TOML: its minimum, Hessian and sigma, as in
        docs/ideas/potentials.md.
    gamma : float from 1e-12 to 1e12, default 1 for ve, 0.8 for vp
        Constant rate of vp (its gamma) or ve (noise per square root of time).
    rate_min : float from 1e-12 to 1e12, default 0.1
        Rate of vp-linear and sub-vp at t = 0.
    rate_max : float from 1e-12 to 1e12, default 20
        Rate of vp-linear and sub-vp at t = 1.
    sampler : {"euler", "ddim", "heun", "dpmpp-2m", "dpmpp-3m", "unipc", "lms", "dormand-prince", "euler-maruyama", "ancestral", "dpmpp-2m-sde", "dpmpp-3m-sde", "predictor-corrector", "langevin", "bridge", "one-step"} or Sampler, default "dpmpp-2m"
        How a state is taken from the noise level of its cue down to 0. A `Sampler` carries its steps and grid.
    steps : int from 1 to 100000, default 24; 1 for one-step; 12 for heun; 48 for ddim; 150 for predictor-corrector; 300 for euler, euler-maruyama, ancestral, dpmpp-2m-sde, dpmpp-3m-sde; 1000 for langevin; twice as many for mixture
        Steps of the sampler; dormand-prince takes as many of its own between them as its accuracy needs.
    spacing : {"powers", "karras", "exponential", "polyexponential", "times", "beta", "linspace", "linspace-whole", "linspace-dpm", "leading", "leading-dpm", "trailing"}, default times for the Euler methods, linspace with betas, powers for others
        How noise levels are spaced, from that of the cue to the last one above 0.
    rho : float from 0.1 to 100, default 2; 7 for karras, 1 for polyexponential
        Exponent of the spacings powers, karras and polyexponential: 1 for equal steps, 7 for those of Karras et
        al. (2022).
    last : float from 1e-12 to 1, default 0.002, or a tenth of the level of a cue where that is lower; none for times
        Last noise level above 0, in spreads of the memory (root mean square of a unit about the mean pattern); a
        cue with less noise makes one step.
    sigmas : list of float, default none
        Noise levels of your own instead of a grid, in the units of the cues: a cue goes from its own level
        through those below it, and then to 0.
    betas : str, default none
        Noise levels of a table of training steps, as of DDPM: spacing says which of them; a cue goes from its own
        level through those below it. One of linear[:FIRST:LAST[:COUNT]], scaled-linear[:FIRST:LAST[:COUNT]],
        cosine[:COUNT].
    offset : int from 0 to 1000, default 0
        Steps of the table that leading levels are moved up by (steps_offset of diffusers).
    shift : float from 0.001 to 1000, default 1
        Factor of noise for equal times: above 1 more steps have much noise (shift of flow matching, as in Stable
        Diffusion 3).
    until : float >= 0, default 0
        Noise level where a recall ends, in the units of the cues; above 0 this much noise is left.
    start : float > 0, default 10 radii of the memory, or the highest of sigmas or betas
        Noise level where a recall without cues starts, in the units of the cues (sigma_max); 1e7 is pure noise, t
        = 1 of a flow.
    eta : float from 0 to 1, default 0 for ddim, 1 for the others that have it
        Share of the noise of the reverse SDE: 0 follows the probability flow, 1 draws from the posterior.
    s_churn : float from 0 to 1e6, default 0
        Noise that heun and ddim add before each step: a level rises by the factor 1 + min(s-churn/steps, sqrt(2)
        - 1).
    s_tmin : float >= 0, default 0
        Lowest level that s-churn raises, in the units of the cues.
    s_tmax : float >= 0, default none
        Highest level that s-churn raises, in the units of the cues.
    s_noise : float from 0 to 10, default 1
        Standard deviation of the noise of s-churn.
    snr : float from 1e-6 to 10, default none: a correction takes the time 1 - sigma'/sigma
        Signal-to-noise ratio of a correction of predictor-corrector, as in Song et al., who take 0.16.
    accuracy : float from 1e-14 to 1, default 1e-6
        Error that dormand-prince may make in a step (root mean square of a unit, in spreads of the memory).
    narrow : bool, default True
        Skip patterns that certainly have no weight, which is faster: of 1,024 patterns or more with more than
        65,536 numbers, single ones, and results agree to 1e-6 a unit; of fewer, all others once one pattern has
        won, and results agree to rounding.
    dtype : {"float32", "float64"}, optional
        Number type of the states. Default: float64.
    random_state : int, numpy.random.Generator, numpy.random.RandomState or None, default 0
        Seed of all random numbers of a recall. None draws a seed from NumPy.

    Attributes
    ----------
    n_features_in_ : int
        Units of a pattern, D.
    feature_names_in_ : ndarray of str (D,)
        Names of the columns, if the patterns were a data frame with names.

    Examples
    --------
    >>> import attractor
    >>> memory = attractor.Mixture([
    ...     {"kind": "points", "at": [[2.0, 0.0]]},
    ...     {"kind": "segment", "from": [-1.0, -1.0], "to": [-1.0, 1.0]},
    ... ])
    >>> memory.recall([[-0.6, 0.3]], sigma=0.3).memory
    array([1])
    """

    _model: ClassVar[str] = "mixture"
    _options: ClassVar[tuple[str, ...]] = ("process", "potential", "gamma", "rate_min", "rate_max", "sampler", "steps", "spacing", "rho", "last", "sigmas", "betas", "offset", "shift", "until", "start", "eta", "s_churn", "s_tmin", "s_tmax", "s_noise", "snr", "accuracy", "narrow")
    _parameters: ClassVar[tuple[str, ...]] = ("process", "potential", "gamma", "rate_min", "rate_max", "sampler", "steps", "spacing", "rho", "last", "sigmas", "betas", "offset", "shift", "until", "start", "eta", "s_churn", "s_tmin", "s_tmax", "s_noise", "snr", "accuracy", "narrow", "dtype", "random_state")

    def __init__(
        self,
        memories: Any = None,
        *,
        process: Literal["ve", "vp", "vp-linear", "sub-vp", "edm", "flow", "potential"] | Process | Potential | None = None,
        potential: str | None = None,
        gamma: float | None = None,
        rate_min: float | None = None,
        rate_max: float | None = None,
        sampler: Literal["euler", "ddim", "heun", "dpmpp-2m", "dpmpp-3m", "unipc", "lms", "dormand-prince", "euler-maruyama", "ancestral", "dpmpp-2m-sde", "dpmpp-3m-sde", "predictor-corrector", "langevin", "bridge", "one-step"] | Sampler | None = None,
        steps: int | None = None,
        spacing: Literal["powers", "karras", "exponential", "polyexponential", "times", "beta", "linspace", "linspace-whole", "linspace-dpm", "leading", "leading-dpm", "trailing"] | None = None,
        rho: float | None = None,
        last: float | None = None,
        sigmas: abc.Sequence[float] | None = None,
        betas: str | None = None,
        offset: int | None = None,
        shift: float | None = None,
        until: float | None = None,
        start: float | None = None,
        eta: float | None = None,
        s_churn: float | None = None,
        s_tmin: float | None = None,
        s_tmax: float | None = None,
        s_noise: float | None = None,
        snr: float | None = None,
        accuracy: float | None = None,
        narrow: bool | str | None = None,
        dtype: Any = None,
        random_state: Any = 0,
    ) -> None:
        self.process = process
        self.potential = potential
        self.gamma = gamma
        self.rate_min = rate_min
        self.rate_max = rate_max
        self.sampler = sampler
        self.steps = steps
        self.spacing = spacing
        self.rho = rho
        self.last = last
        self.sigmas = sigmas
        self.betas = betas
        self.offset = offset
        self.shift = shift
        self.until = until
        self.start = start
        self.eta = eta
        self.s_churn = s_churn
        self.s_tmin = s_tmin
        self.s_tmax = s_tmax
        self.s_noise = s_noise
        self.snr = snr
        self.accuracy = accuracy
        self.narrow = narrow
        self.dtype = dtype
        self.random_state = random_state
        if memories is not None:
            self.fit(memories)


class Network(Trained):
    """Diffusion learned by a score network.

    ::

        dz/ds = (z - D(z;s))/s down to s = 0;  D of weights that descend E |e - net(y + s e)|^2

    Family: diffusion. Cost: 2 operations a weight, a read and cue, with one or two reads a step; the weights. Source:
    Ambrogioni (2023), Eq. 22 and App. A; Karras et al. (2022).

    Reports compare recalled states with the patterns that the network was trained on. A saved network can be loaded
    anywhere, but only a network from the command line can be trained further.

    Parameters
    ----------
    patterns : array_like (N, D), or (N, ...) of images, optional
        Patterns to learn, as with `fit`. Without them, the memory must be fitted.
    training : dict, optional
        Training settings by name, as in ``attractor train``.

        steps (int from 1 to 1000000000; default 1000): Steps of the optimiser, in all.

        architecture ({"paper", "residual"}; default paper up to 32 units, else residual): Layers of ReLU that all
        get the signal as input, or residual blocks, for many units.

        width (int > 0; default 80 times the units of a pattern for paper, 1024 for residual): Units of a hidden
        layer.

        depth (int from 1 to 100; default 3 for paper, 2 for residual): Hidden layers, or residual blocks.

        batch_repeats (int from 1 to 10000; default 16): How often each pattern is in a batch, each time with new
        noise; a batch has at most 1,024 states.

        process ({"ve", "vp", "vp-linear", "sub-vp", "edm", "flow"} or Process; default "vp"): Noising process,
        whose times determine how often each noise level is shown.

        gamma (float from 1e-12 to 1e12; default 1 for ve, 0.8 for vp): Constant rate of vp (its gamma) or ve
        (noise per square root of time).

        rate_min (float from 1e-12 to 1e12; default 0.1): Rate of vp-linear and sub-vp at t = 0.

        rate_max (float from 1e-12 to 1e12; default 20): Rate of vp-linear and sub-vp at t = 1.

        last_time (float > 0.001; default 6 for vp, the time of the same noise for others; later for many units,
        so that sigma is sqrt(D) or more): Last time T of the process, below 1 for flow; times are drawn evenly
        from 0.001 to T.

        rate (float from 1e-9 to 1; default 0.001): Learning rate of Adam.

        cosine (bool; default False): Let the learning rate fall to 0 along half a cosine.

        average (float from 0 to 1, below 1; default 0, which is none): Weight of the past in a running average of
        the weights, which the memory is made of, as in 0.999.

        seed (int; default 0): Seed of the initial weights, the noise and the order of patterns.
    process : {"ve", "vp", "vp-linear", "sub-vp", "edm", "flow"} or Process, default "vp"
        Noising process. A `Process` carries its rates.
    gamma : float from 1e-12 to 1e12, default 1 for ve, 0.8 for vp
        Constant rate of vp (its gamma) or ve (noise per square root of time).
    rate_min : float from 1e-12 to 1e12, default 0.1
        Rate of vp-linear and sub-vp at t = 0.
    rate_max : float from 1e-12 to 1e12, default 20
        Rate of vp-linear and sub-vp at t = 1.
    sampler : {"euler", "ddim", "heun", "dpmpp-2m", "dpmpp-3m", "unipc", "lms", "dormand-prince", "euler-maruyama", "ancestral", "dpmpp-2m-sde", "dpmpp-3m-sde", "predictor-corrector", "langevin", "bridge", "one-step"} or Sampler, default "dpmpp-2m"
        How a state is taken from the noise level of its cue down to 0. A `Sampler` carries its steps and grid.
    steps : int from 1 to 100000, default 24; 1 for one-step; 12 for heun; 48 for ddim; 150 for predictor-corrector; 300 for euler, euler-maruyama, ancestral, dpmpp-2m-sde, dpmpp-3m-sde; 1000 for langevin; twice as many for mixture
        Steps of the sampler; dormand-prince takes as many of its own between them as its accuracy needs.
    spacing : {"powers", "karras", "exponential", "polyexponential", "times", "beta", "linspace", "linspace-whole", "linspace-dpm", "leading", "leading-dpm", "trailing"}, default times for the Euler methods, linspace with betas, powers for others
        How noise levels are spaced, from that of the cue to the last one above 0.
    rho : float from 0.1 to 100, default 2; 7 for karras, 1 for polyexponential
        Exponent of the spacings powers, karras and polyexponential: 1 for equal steps, 7 for those of Karras et
        al. (2022).
    last : float from 1e-12 to 1, default 0.002, or a tenth of the level of a cue where that is lower; none for times
        Last noise level above 0, in spreads of the memory (root mean square of a unit about the mean pattern); a
        cue with less noise makes one step.
    sigmas : list of float, default none
        Noise levels of your own instead of a grid, in the units of the cues: a cue goes from its own level
        through those below it, and then to 0.
    betas : str, default none
        Noise levels of a table of training steps, as of DDPM: spacing says which of them; a cue goes from its own
        level through those below it. One of linear[:FIRST:LAST[:COUNT]], scaled-linear[:FIRST:LAST[:COUNT]],
        cosine[:COUNT].
    offset : int from 0 to 1000, default 0
        Steps of the table that leading levels are moved up by (steps_offset of diffusers).
    shift : float from 0.001 to 1000, default 1
        Factor of noise for equal times: above 1 more steps have much noise (shift of flow matching, as in Stable
        Diffusion 3).
    until : float >= 0, default 0
        Noise level where a recall ends, in the units of the cues; above 0 this much noise is left.
    start : float > 0, default 10 radii of the memory, or the highest of sigmas or betas
        Noise level where a recall without cues starts, in the units of the cues (sigma_max); 1e7 is pure noise, t
        = 1 of a flow.
    eta : float from 0 to 1, default 0 for ddim, 1 for the others that have it
        Share of the noise of the reverse SDE: 0 follows the probability flow, 1 draws from the posterior.
    s_churn : float from 0 to 1e6, default 0
        Noise that heun and ddim add before each step: a level rises by the factor 1 + min(s-churn/steps, sqrt(2)
        - 1).
    s_tmin : float >= 0, default 0
        Lowest level that s-churn raises, in the units of the cues.
    s_tmax : float >= 0, default none
        Highest level that s-churn raises, in the units of the cues.
    s_noise : float from 0 to 10, default 1
        Standard deviation of the noise of s-churn.
    snr : float from 1e-6 to 10, default none: a correction takes the time 1 - sigma'/sigma
        Signal-to-noise ratio of a correction of predictor-corrector, as in Song et al., who take 0.16.
    accuracy : float from 1e-14 to 1, default 1e-6
        Error that dormand-prince may make in a step (root mean square of a unit, in spreads of the memory).
    narrow : bool, default True
        Skip patterns that certainly have no weight, which is faster: of 1,024 patterns or more with more than
        65,536 numbers, single ones, and results agree to 1e-6 a unit; of fewer, all others once one pattern has
        won, and results agree to rounding.
    labels : array_like (N,), optional
        A label for each pattern.
    prepare : {"auto", "none", "center", "normalize", "standardize", "packed"}, default "auto"
        Preparation of the patterns. auto centres and scales bytes and bools and leaves other numbers unchanged;
        packed turns two values into -1 and 1 with one bit per unit.
    dtype : {"float32", "float64"}, optional
        Number type of the states. Default: float64 if the patterns are, else float32.
    random_state : int, numpy.random.Generator, numpy.random.RandomState or None, default 0
        Seed of all random numbers of a recall. None draws a seed from NumPy.

    Attributes
    ----------
    n_features_in_ : int
        Units of a pattern, D.
    feature_names_in_ : ndarray of str (D,)
        Names of the columns, if the patterns were a data frame with names.

    Examples
    --------
    >>> import attractor
    >>> patterns = [[1.0, 1, 1, 1, -1, -1, -1, -1], [1, -1, 1, -1, 1, -1, 1, -1]]
    >>> memory = attractor.Network(patterns, training={"steps": 200, "width": 64})
    >>> memory.recall([[1.0, 1, 1, 1, -1, -1, -1, 1]], sigma=0.5).memory
    array([0])
    """

    _model: ClassVar[str] = "network"
    _options: ClassVar[tuple[str, ...]] = ("process", "gamma", "rate_min", "rate_max", "sampler", "steps", "spacing", "rho", "last", "sigmas", "betas", "offset", "shift", "until", "start", "eta", "s_churn", "s_tmin", "s_tmax", "s_noise", "snr", "accuracy", "narrow")
    _parameters: ClassVar[tuple[str, ...]] = ("training", "process", "gamma", "rate_min", "rate_max", "sampler", "steps", "spacing", "rho", "last", "sigmas", "betas", "offset", "shift", "until", "start", "eta", "s_churn", "s_tmin", "s_tmax", "s_noise", "snr", "accuracy", "narrow", "prepare", "dtype", "random_state")

    def __init__(
        self,
        patterns: Any = None,
        *,
        training: abc.Mapping[str, Any] | None = None,
        process: Literal["ve", "vp", "vp-linear", "sub-vp", "edm", "flow"] | Process | None = None,
        gamma: float | None = None,
        rate_min: float | None = None,
        rate_max: float | None = None,
        sampler: Literal["euler", "ddim", "heun", "dpmpp-2m", "dpmpp-3m", "unipc", "lms", "dormand-prince", "euler-maruyama", "ancestral", "dpmpp-2m-sde", "dpmpp-3m-sde", "predictor-corrector", "langevin", "bridge", "one-step"] | Sampler | None = None,
        steps: int | None = None,
        spacing: Literal["powers", "karras", "exponential", "polyexponential", "times", "beta", "linspace", "linspace-whole", "linspace-dpm", "leading", "leading-dpm", "trailing"] | None = None,
        rho: float | None = None,
        last: float | None = None,
        sigmas: abc.Sequence[float] | None = None,
        betas: str | None = None,
        offset: int | None = None,
        shift: float | None = None,
        until: float | None = None,
        start: float | None = None,
        eta: float | None = None,
        s_churn: float | None = None,
        s_tmin: float | None = None,
        s_tmax: float | None = None,
        s_noise: float | None = None,
        snr: float | None = None,
        accuracy: float | None = None,
        narrow: bool | str | None = None,
        prepare: str = "auto",
        dtype: Any = None,
        random_state: Any = 0,
        labels: Any = None,
    ) -> None:
        self.training = training
        self.process = process
        self.gamma = gamma
        self.rate_min = rate_min
        self.rate_max = rate_max
        self.sampler = sampler
        self.steps = steps
        self.spacing = spacing
        self.rho = rho
        self.last = last
        self.sigmas = sigmas
        self.betas = betas
        self.offset = offset
        self.shift = shift
        self.until = until
        self.start = start
        self.eta = eta
        self.s_churn = s_churn
        self.s_tmin = s_tmin
        self.s_tmax = s_tmax
        self.s_noise = s_noise
        self.snr = snr
        self.accuracy = accuracy
        self.narrow = narrow
        self.prepare = prepare
        self.dtype = dtype
        self.random_state = random_state
        self._begin(patterns, labels=labels)


class Denoiser(Foreign):
    """Diffusion with any denoiser: your own network or function.

    ::

        dz/ds = (z - D(z;s))/s down to s = 0

    Family: diffusion. Cost: one call of the denoiser per step (heun: two). Source: Ambrogioni (2023), Eq. 6-14 and
    App. A; samplers: Song et al. (2021), Karras et al. (2022), Lu et al. (2022).

    It has no energy and no posterior, and cannot estimate the noise of a cue: give `recall` a `sigma` or `signal`. The
    denoiser is called on the calling thread, with all states of a step at once.

    Parameters
    ----------
    denoiser : callable, optional
        D(x, sigma): maps states (B, D) and noise levels (B,) to denoised states (B, D), as arrays. A
        torch.nn.Module gets tensors on its own device. If `shape` is given or the patterns are images, states
        have that shape. An object with a method `denoise` or `D` works, too.
    dim : int, optional
        Units of a state, D. Default: that of the patterns.
    spread : float > 0, default 1
        Root mean square deviation of a unit, the unit of noise levels. If there are patterns, theirs is used.
    sigma : float >= 0, optional
        Noise level of cues, for recalls that are given neither `sigma` nor `signal`. It lets `predict` and
        `transform` run in a pipeline.
    shape : tuple of int, optional
        Shape of one state as the denoiser gets it, such as (1, 28, 28) for a convolutional network: x is then (B,
        1, 28, 28). Default: that of the patterns, else (D,).
    framework : {"numpy", "torch"}, optional
        What the denoiser gets: arrays or tensors. Default: tensors for a torch.nn.Module, arrays for anything
        else.
    process : {"ve", "vp", "vp-linear", "sub-vp", "edm", "flow", "potential"} or Process or Potential, default "vp"
        Noising process; potential takes the one of the option potential. A `Process` carries its rates.
    potential : str, default none
        Potential of the process potential, in TOML: its minimum, Hessian and sigma, as in
        docs/ideas/potentials.md.
    gamma : float from 1e-12 to 1e12, default 1 for ve, 0.8 for vp
        Constant rate of vp (its gamma) or ve (noise per square root of time).
    rate_min : float from 1e-12 to 1e12, default 0.1
        Rate of vp-linear and sub-vp at t = 0.
    rate_max : float from 1e-12 to 1e12, default 20
        Rate of vp-linear and sub-vp at t = 1.
    sampler : {"euler", "ddim", "heun", "dpmpp-2m", "dpmpp-3m", "unipc", "lms", "dormand-prince", "euler-maruyama", "ancestral", "dpmpp-2m-sde", "dpmpp-3m-sde", "predictor-corrector", "langevin", "bridge", "one-step"} or Sampler, default "dpmpp-2m"
        How a state is taken from the noise level of its cue down to 0. A `Sampler` carries its steps and grid.
    steps : int from 1 to 100000, default 24; 1 for one-step; 12 for heun; 48 for ddim; 150 for predictor-corrector; 300 for euler, euler-maruyama, ancestral, dpmpp-2m-sde, dpmpp-3m-sde; 1000 for langevin; twice as many for mixture
        Steps of the sampler; dormand-prince takes as many of its own between them as its accuracy needs.
    spacing : {"powers", "karras", "exponential", "polyexponential", "times", "beta", "linspace", "linspace-whole", "linspace-dpm", "leading", "leading-dpm", "trailing"}, default times for the Euler methods, linspace with betas, powers for others
        How noise levels are spaced, from that of the cue to the last one above 0.
    rho : float from 0.1 to 100, default 2; 7 for karras, 1 for polyexponential
        Exponent of the spacings powers, karras and polyexponential: 1 for equal steps, 7 for those of Karras et
        al. (2022).
    last : float from 1e-12 to 1, default 0.002, or a tenth of the level of a cue where that is lower; none for times
        Last noise level above 0, in spreads of the memory (root mean square of a unit about the mean pattern); a
        cue with less noise makes one step.
    sigmas : list of float, default none
        Noise levels of your own instead of a grid, in the units of the cues: a cue goes from its own level
        through those below it, and then to 0.
    betas : str, default none
        Noise levels of a table of training steps, as of DDPM: spacing says which of them; a cue goes from its own
        level through those below it. One of linear[:FIRST:LAST[:COUNT]], scaled-linear[:FIRST:LAST[:COUNT]],
        cosine[:COUNT].
    offset : int from 0 to 1000, default 0
        Steps of the table that leading levels are moved up by (steps_offset of diffusers).
    shift : float from 0.001 to 1000, default 1
        Factor of noise for equal times: above 1 more steps have much noise (shift of flow matching, as in Stable
        Diffusion 3).
    until : float >= 0, default 0
        Noise level where a recall ends, in the units of the cues; above 0 this much noise is left.
    start : float > 0, default 10 radii of the memory, or the highest of sigmas or betas
        Noise level where a recall without cues starts, in the units of the cues (sigma_max); 1e7 is pure noise, t
        = 1 of a flow.
    eta : float from 0 to 1, default 0 for ddim, 1 for the others that have it
        Share of the noise of the reverse SDE: 0 follows the probability flow, 1 draws from the posterior.
    s_churn : float from 0 to 1e6, default 0
        Noise that heun and ddim add before each step: a level rises by the factor 1 + min(s-churn/steps, sqrt(2)
        - 1).
    s_tmin : float >= 0, default 0
        Lowest level that s-churn raises, in the units of the cues.
    s_tmax : float >= 0, default none
        Highest level that s-churn raises, in the units of the cues.
    s_noise : float from 0 to 10, default 1
        Standard deviation of the noise of s-churn.
    snr : float from 1e-6 to 10, default none: a correction takes the time 1 - sigma'/sigma
        Signal-to-noise ratio of a correction of predictor-corrector, as in Song et al., who take 0.16.
    accuracy : float from 1e-14 to 1, default 1e-6
        Error that dormand-prince may make in a step (root mean square of a unit, in spreads of the memory).
    narrow : bool, default True
        Skip patterns that certainly have no weight, which is faster: of 1,024 patterns or more with more than
        65,536 numbers, single ones, and results agree to 1e-6 a unit; of fewer, all others once one pattern has
        won, and results agree to rounding.
    patterns : array_like (N, D), or (N, ...) of images, optional
        Patterns that recalled states are compared with, such as the training data. The denoiser does not see
        them.
    labels : array_like (N,), optional
        A label for each pattern.
    dtype : {"float32", "float64"}, optional
        Number type of the states. Default: that of the patterns, else float64.
    random_state : int, numpy.random.Generator, numpy.random.RandomState or None, default 0
        Seed of all random numbers of a recall. None draws a seed from NumPy.

    Attributes
    ----------
    n_features_in_ : int
        Units of a pattern, D.
    feature_names_in_ : ndarray of str (D,)
        Names of the columns, if the patterns were a data frame with names.

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

    _model: ClassVar[str] = "denoiser"
    _options: ClassVar[tuple[str, ...]] = ("process", "potential", "gamma", "rate_min", "rate_max", "sampler", "steps", "spacing", "rho", "last", "sigmas", "betas", "offset", "shift", "until", "start", "eta", "s_churn", "s_tmin", "s_tmax", "s_noise", "snr", "accuracy", "narrow")
    _parameters: ClassVar[tuple[str, ...]] = ("denoiser", "dim", "spread", "sigma", "shape", "framework", "process", "potential", "gamma", "rate_min", "rate_max", "sampler", "steps", "spacing", "rho", "last", "sigmas", "betas", "offset", "shift", "until", "start", "eta", "s_churn", "s_tmin", "s_tmax", "s_noise", "snr", "accuracy", "narrow", "dtype", "random_state")

    def __init__(
        self,
        denoiser: Any = None,
        dim: int | None = None,
        *,
        spread: float = 1.0,
        sigma: float | None = None,
        shape: tuple[int, ...] | None = None,
        framework: str | None = None,
        process: Literal["ve", "vp", "vp-linear", "sub-vp", "edm", "flow", "potential"] | Process | Potential | None = None,
        potential: str | None = None,
        gamma: float | None = None,
        rate_min: float | None = None,
        rate_max: float | None = None,
        sampler: Literal["euler", "ddim", "heun", "dpmpp-2m", "dpmpp-3m", "unipc", "lms", "dormand-prince", "euler-maruyama", "ancestral", "dpmpp-2m-sde", "dpmpp-3m-sde", "predictor-corrector", "langevin", "bridge", "one-step"] | Sampler | None = None,
        steps: int | None = None,
        spacing: Literal["powers", "karras", "exponential", "polyexponential", "times", "beta", "linspace", "linspace-whole", "linspace-dpm", "leading", "leading-dpm", "trailing"] | None = None,
        rho: float | None = None,
        last: float | None = None,
        sigmas: abc.Sequence[float] | None = None,
        betas: str | None = None,
        offset: int | None = None,
        shift: float | None = None,
        until: float | None = None,
        start: float | None = None,
        eta: float | None = None,
        s_churn: float | None = None,
        s_tmin: float | None = None,
        s_tmax: float | None = None,
        s_noise: float | None = None,
        snr: float | None = None,
        accuracy: float | None = None,
        narrow: bool | str | None = None,
        dtype: Any = None,
        random_state: Any = 0,
        patterns: Any = None,
        labels: Any = None,
    ) -> None:
        self.denoiser = denoiser
        self.dim = dim
        self.spread = spread
        self.sigma = sigma
        self.shape = shape
        self.framework = framework
        self.process = process
        self.potential = potential
        self.gamma = gamma
        self.rate_min = rate_min
        self.rate_max = rate_max
        self.sampler = sampler
        self.steps = steps
        self.spacing = spacing
        self.rho = rho
        self.last = last
        self.sigmas = sigmas
        self.betas = betas
        self.offset = offset
        self.shift = shift
        self.until = until
        self.start = start
        self.eta = eta
        self.s_churn = s_churn
        self.s_tmin = s_tmin
        self.s_tmax = s_tmax
        self.s_noise = s_noise
        self.snr = snr
        self.accuracy = accuracy
        self.narrow = narrow
        self.dtype = dtype
        self.random_state = random_state
        self._start(patterns, labels)


#: Every class of a model by name.
MODELS: tuple[type[Memory], ...] = (
    Hopfield,
    Bidirectional,
    Sequence,
    SparseDistributed,
    Dense,
    Modern,
    LogSumRelu,
    RandomFeatures,
    ContinuousSequence,
    Universal,
    Diffusion,
    Local,
    Mixture,
    Network,
)
