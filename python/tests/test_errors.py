"""Bad input raises the right exception with one sentence, and leaves nothing half-done."""

from __future__ import annotations

import inspect
import os
import re
import signal
import struct
import threading
import time
import zlib
from collections.abc import Callable
from typing import Any

import attractor
import numpy as np
import pytest
from zoo import ZOO, Specimen, signs

every = pytest.mark.parametrize("specimen", ZOO, ids=str)


def refused(error: type[Exception], words: str, call: Any) -> None:
    with pytest.raises(error) as raised:
        call()
    text = str(raised.value)
    assert words in text and "\n" not in text and "--" not in text.replace("my--file", ""), text


@every
def test_bad_cues(specimen: Specimen) -> None:
    patterns = specimen.world(signs(4, 8, 1))
    memory = specimen.build(patterns)
    nan = patterns.copy()
    nan[1, 3] = np.nan
    refused(ValueError, "row 1, unit 3", lambda: memory.recall(nan))
    refused(ValueError, "in a mask given to clamp", lambda: memory.recall(nan))
    refused(ValueError, "8 units", lambda: memory.recall(np.zeros((2, 7))))
    refused(TypeError, "complex128", lambda: memory.recall(patterns.astype(complex)))
    refused(TypeError, "nothing that is a number", lambda: memory.recall(np.full((2, 8), {}, object)))
    refused(TypeError, "nothing that is a number", lambda: memory.recall(patterns.astype(str).astype(object)))
    refused(TypeError, "convert it", lambda: memory.recall("cues.npy"))
    refused(ValueError, "rows of equal length", lambda: memory.recall([[1.0, 2.0], [1.0]]))
    refused(ValueError, "0 dimensions", lambda: memory.recall(np.float64(1.0)))
    refused(ValueError, "clamp", lambda: memory.recall(patterns, clamp=np.ones((3, 8), bool)))
    refused(ValueError, "clamp", lambda: memory.recall(patterns, clamp=np.full(8, 0.5)))
    assert len(memory.recall(np.zeros((0, 8)))) == 0


@every
def test_bad_patterns(specimen: Specimen) -> None:
    patterns = specimen.world(signs(4, 8, 1))
    kind, options = specimen.kind, specimen.options
    build = lambda array, **more: specimen.build(np.asarray(array), **more)
    refused((ValueError, TypeError), "", lambda: kind(**options).recall(patterns))
    nan = patterns.copy()
    nan[2, 1] = np.inf
    refused(ValueError, "" if kind is attractor.Mixture else "row 2, unit 1", lambda: build(nan))
    refused(ValueError, "", lambda: build(np.zeros((0, 8))))
    refused(ValueError, "", lambda: build(np.zeros((3, 0))))
    if kind is not attractor.Mixture:
        refused(ValueError, "two-dimensional", lambda: kind(patterns[0], **options))
        refused(ValueError if specimen.labelled else TypeError, "labels", lambda: build(patterns, labels=["a"]))
        refused(ValueError, "masked", lambda: kind(np.ma.MaskedArray(patterns, mask=patterns > 0), **options))
    refused(TypeError, "", lambda: kind(patterns, nonsense=1))


def test_bad_options() -> None:
    patterns = signs(4, 8, 1)
    refused(ValueError, "beta", lambda: attractor.Modern(patterns, beta=-1.0))
    refused(ValueError, "beta", lambda: attractor.Modern(patterns, beta="warm"))
    refused(ValueError, "beta", lambda: attractor.Modern(patterns, beta=float("nan")))
    refused(TypeError, "beta", lambda: attractor.Modern(patterns, beta=[1.0, 2.0]))
    refused(ValueError, "sampler", lambda: attractor.Diffusion(patterns, sampler="magic"))
    refused(ValueError, "norm_bias", lambda: attractor.Modern(patterns, norm_bias="maybe"))
    refused(ValueError, "dtype", lambda: attractor.Modern(patterns, dtype="float16"))
    refused(ValueError, "prepare", lambda: attractor.Modern(patterns, prepare="whiten"))
    refused(TypeError, "prepare", lambda: attractor.Modern(patterns, prepare=None))
    refused(ValueError, "pattern weights", lambda: attractor.Modern(patterns, weights=[1, 1, 1, -1]))
    refused(TypeError, "sample_weight", lambda: attractor.Hopfield().fit(patterns, sample_weight=np.ones(4)))
    refused(
        ValueError, "steps", lambda: attractor.Diffusion(patterns, sampler=attractor.Sampler("heun", steps=4), steps=5)
    )
    refused(ValueError, "accuracy", lambda: attractor.Sampler("heun", accuracy=1e-3))
    refused(ValueError, "process", lambda: attractor.Process("vx"))
    refused(ValueError, "time", lambda: attractor.Process().time(-1.0))
    refused(ValueError, "unknown parameter", lambda: attractor.Modern().set_params(gamma=1))
    refused(
        ValueError, "parameters were changed", lambda: attractor.Modern(patterns).set_params(beta=1.0).recall(patterns)
    )

    memory = attractor.Diffusion(patterns)
    refused(ValueError, "leave one away", lambda: memory.recall(patterns, sigma=1.0, signal=0.5))
    refused(ValueError, "sigma", lambda: memory.recall(patterns, sigma=-1.0))
    refused(ValueError, "signal", lambda: memory.recall(patterns, signal=2.0))
    refused(TypeError, "sigma", lambda: memory.recall(patterns, sigma="much"))
    refused(TypeError, "number of its steps (steps)", lambda: memory.recall(patterns, updates=5))
    refused(TypeError, "whole number", lambda: memory.recall(patterns, updates=0.5))
    refused(ValueError, "tolerance", lambda: memory.recall(patterns, tolerance=-1.0))
    refused(ValueError, "reject", lambda: memory.recall(patterns, sigma=1.0, reject=2.0))
    refused(ValueError, "a noise level (sigma or signal)", lambda: memory.recall(patterns, match=True))
    refused(TypeError, "observer", lambda: memory.recall(patterns, observer=3))
    refused(ValueError, "sigma", lambda: memory.denoise(patterns, [1.0, 2.0]))
    refused(TypeError, "sigma", lambda: memory.denoise(patterns, "x"))
    refused(ValueError, "sigma", lambda: memory.score(patterns, sigma=0.0))
    refused(TypeError, "give the level (sigma)", lambda: memory.energy(patterns))
    refused(ValueError, 'or use dtype="float64"', lambda: attractor.Modern(np.full((2, 4), 1e19, np.float32)))
    refused(
        TypeError, "leave compat away", lambda: attractor.Universal(patterns, similarity="pearson", compat="uhn2022")
    )
    refused(ValueError, "sigma", lambda: memory.posterior(patterns))
    refused(ValueError, "method", lambda: memory.log_prob(patterns, 1.0, method="guess"))
    refused(ValueError, "count", lambda: memory.sample(0))
    refused(ValueError, "room", lambda: memory.sample(2**62))
    refused(ValueError, "room", lambda: attractor.Denoiser(memory, dim=2**60))
    for call in (
        lambda n: memory.sample(n),
        lambda n: memory.repeat(patterns, n),
        lambda n: memory.recall(patterns, first_row=n),
        lambda n: memory.recall(patterns, top=n),
        lambda n: attractor.corrupt(patterns, "sigma:1", first_row=n),
        lambda n: attractor.set_threads(n),
        lambda n: attractor.Denoiser(memory, dim=n),
        lambda n: attractor.reproduce("table1", repetitions=n),
        lambda n: attractor.recommend(patterns, "sigma:1", cues=n),
    ):
        refused(ValueError, "whole number", lambda call=call: call(-1))
        refused(ValueError, "", lambda call=call: call(2**70))
        for wrong in (True, 1.0, "1"):
            refused(TypeError, "whole number", lambda call=call, wrong=wrong: call(wrong))
    for wrong in ("0.5", b"1", True, None, [1, 2]):
        if wrong is not None:
            refused(TypeError, "sigma", lambda wrong=wrong: memory.recall(patterns, sigma=wrong))
    refused(ValueError, "sigma", lambda: memory.recall(patterns, sigma=10**400))
    refused(ValueError, "method", lambda: memory.log_prob(patterns, 1.0, method="energy"))
    for wrong in (0, "off", 1.0):
        refused(TypeError, "self_coupling", lambda wrong=wrong: attractor.Hopfield(patterns, self_coupling=wrong))
    assert attractor.Modern(patterns, norm_bias=False).beta_ == attractor.Modern(patterns, norm_bias="off").beta_
    refused(TypeError, "beta", lambda: attractor.Modern(patterns, beta=True))
    refused(TypeError, "process", lambda: attractor.Diffusion(patterns, process=attractor.Sampler("heun")))
    refused(ValueError, "process", lambda: attractor.Process("flow").sigma([0.5, 2.0]))
    refused(ValueError, "spread", lambda: attractor.Sampler("heun").levels(1.0, spread=-1.0))
    refused(TypeError, "steps", lambda: attractor.Sampler("heun", "5"))
    refused(TypeError, "weights", lambda: attractor.Modern(patterns, weights=["a"] * 4))
    masked = np.ma.MaskedArray(patterns, mask=patterns > 0)
    for call in (memory.energy, memory.denoise, memory.posterior, memory.log_prob, memory.gradient):
        refused(ValueError, "masked", lambda call=call: call(masked, 1.0))
    refused(ValueError, "masked", lambda: attractor.Mixture(masked))
    unfitted = attractor.Modern()
    assert not hasattr(unfitted, "patterns") and not hasattr(unfitted, "classes_") and unfitted
    refused(ValueError, "unknown parameter", lambda: unfitted.set_params(beta=3.0, zzz=1))
    assert unfitted.beta is None
    refused(ValueError, "repeat", lambda: memory.repeat(patterns, 0))
    refused(ValueError, "neither", lambda: memory.score(patterns))


def test_bad_files(tmp_path: Any) -> None:
    patterns = signs(4, 8, 1)
    memory = attractor.Modern(patterns)
    refused(FileNotFoundError, "cannot read", lambda: attractor.load(tmp_path / "none"))
    refused(OSError, "cannot write", lambda: memory.save(tmp_path / "no" / "folder"))
    (tmp_path / "text").write_text("no memory")
    refused(ValueError, "text", lambda: attractor.load(tmp_path / "text"))
    memory.save(tmp_path / "memory")
    whole = (tmp_path / "memory").read_bytes()
    (tmp_path / "cut").write_bytes(whole[:-7])
    refused(ValueError, "cut", lambda: attractor.load(tmp_path / "cut"))
    refused(ValueError, "unknown parameter", lambda: attractor.load(tmp_path / "memory", steps=3))
    assert attractor.load(tmp_path / "memory", beta=2.0).beta_ == 2.0
    assert attractor.load(tmp_path / "memory", dtype="float32").recall(patterns).states.dtype == np.float32
    assert os.listdir(tmp_path / "..") and not [name for name in os.listdir(tmp_path) if "tmp" in name]
    refused(FileNotFoundError, "my--file", lambda: attractor.load(tmp_path / "my--file"))
    odd = os.fsencode(tmp_path) + b"/\xff.memory"
    memory.save(odd)
    assert attractor.load(os.fsdecode(odd)).beta_ == memory.beta_
    (tmp_path / "latin.toml").write_bytes(b"# \xe9")
    refused(ValueError, "UTF-8", lambda: attractor.Mixture(tmp_path / "latin.toml"))
    refused(FileNotFoundError, "", lambda: attractor.Mixture(tmp_path / "none.toml"))
    refused(ValueError, "finite", lambda: attractor.Mixture([[np.nan, 1.0]]))
    refused(ValueError, "kind", lambda: attractor.Mixture([{"kind": "cube"}]))
    refused(TypeError, "dictionaries", lambda: attractor.Mixture([{"kind": object()}]))
    refused(ValueError, "images", lambda: attractor.reproduce("uhn-noise", data=signs(3, 9, 1)))
    refused(ValueError, "table1", lambda: attractor.reproduce("table9"))
    refused(ValueError, "repetitions", lambda: attractor.reproduce("fig1", repetitions=3))
    refused(ValueError, "corruption", lambda: attractor.corrupt(patterns, "rust:0.5"))
    refused(ValueError, "corruption", lambda: attractor.recommend(patterns, "rust:0.5"))
    refused(FileNotFoundError, "cannot read", lambda: attractor.read(tmp_path / "none.npy"))


#: Ctrl-C is answered within a second; a machine that does other work, too, may take longer.
ANSWER = 3.0


@pytest.mark.filterwarnings("ignore::attractor.AttractorWarning")
@pytest.mark.parametrize(
    "work",
    ["recall", "reproduce", "log_prob", "flow", "trace", "repeat", "build", "match", "sweep", "watch"]
    + ["audit", "inspect", "recommend", "fit", "replay", "cores", "surprise"],
)
def test_ctrl_c_is_heard(work: str) -> None:
    many = attractor.Dense(signs(20_000, 512, 1, np.float32)) if work in ("sweep", "watch") else None
    masses = attractor.Modern(signs(20_000, 512, 1, np.float32), beta=1.0) if work == "match" else None
    memory = attractor.Diffusion(signs(4000, 256, 1, np.float32), sampler="euler", steps=100_000)
    cues = signs(400, 256, 2, np.float32)
    normal = lambda *shape: np.random.default_rng(0).normal(size=shape)
    clouds = attractor.fit(normal(300, 128), 1) if work in ("cores", "surprise") else None
    calls = {
        "recall": lambda: memory.recall(cues, sigma=1.0),
        "reproduce": lambda: attractor.reproduce("table1", repetitions=100_000),
        "log_prob": lambda: [memory.log_prob(cues, 1.0) for _ in range(100_000)],
        "flow": lambda: memory.log_prob(cues, 1.0, method="flow"),
        "trace": lambda: memory.trace(cues[:2], sigma=1.0),
        "repeat": lambda: attractor.Diffusion(memory.patterns, sampler="ancestral").repeat(cues[:1], 10**6, sigma=1.0),
        "build": lambda: attractor.Hopfield(memory.patterns, rule="storkey"),
        "match": lambda: masses.recall(signs(1, 512, 2, np.float32), sigma=1.0, reject=1e-4),
        # One sweep of all cues takes 20 s.
        "sweep": lambda: many.recall(signs(400, 512, 2, np.float32)),
        "watch": lambda: many.trace(signs(400, 512, 2, np.float32)),
        # What has long steps works in the background.
        "audit": lambda: attractor.audit(*np.random.default_rng(0).normal(size=(3, 6000, 128))),
        "inspect": lambda: attractor.inspect(normal(2000, 64), examine=1000, draws=32),
        "recommend": lambda: attractor.recommend(normal(1000, 128), "sigma:0.5"),
        "fit": lambda: attractor.fit(normal(8000, 128), 10),
        "replay": lambda: attractor.replay(memory, signs(1, 256, 3, np.float32), runs=20_000, rounds=500),
        "cores": lambda: clouds.with_cores(normal(400, 128), "surprise:0.1"),
        "surprise": lambda: clouds.surprise(normal(4000, 128), 0.1),
    }
    # A shell starts what it runs in the background deaf to Ctrl-C.
    usual = signal.signal(signal.SIGINT, signal.default_int_handler)
    threading.Timer(0.5, lambda: __import__("_thread").interrupt_main()).start()
    before = time.monotonic()
    try:
        with pytest.raises(KeyboardInterrupt):
            calls[work]()
    finally:
        signal.signal(signal.SIGINT, usual)
    assert time.monotonic() - before < 0.5 + ANSWER


def grey_png(height: int, width: int) -> bytes:
    """A black picture, written by the standard (ISO/IEC 15948)."""
    part = lambda kind, data: struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))
    head = struct.pack(">IIBBBBB", width, height, 8, 0, 0, 0, 0)
    rows = zlib.compress(bytes((width + 1) * height))
    return b"\x89PNG\r\n\x1a\n" + part(b"IHDR", head) + part(b"IDAT", rows) + part(b"IEND", b"")


def test_messages_about_pictures_name_arguments_of_python(tmp_path: Any) -> None:
    (tmp_path / "a.png").write_bytes(grey_png(8, 8))
    (tmp_path / "b.png").write_bytes(grey_png(6, 8))
    refused(ValueError, "give one size with resize=(height, width)", lambda: attractor.read(tmp_path))
    assert attractor.read(tmp_path, resize=(4, 4)).values.shape == (2, 16)
    numbers = tmp_path / "rows.npy"
    np.save(numbers, np.ones((2, 4)))
    needless = "expected {} to read with it, found .*rows.npy; leave it away, since it would do nothing"
    for option, given, wanted in [
        ("resize", (2, 2), "PNG or JPEG pictures"),
        ("background", "white", "PNG or JPEG pictures"),
        ("header", True, "a CSV table"),
        ("label_column", "a", "a CSV, Parquet or Arrow table"),
    ]:
        words = re.compile(option + "(=.*)?: " + needless.format(wanted))
        with pytest.raises(ValueError, match=words):
            attractor.read(numbers, **{option: given})


#: Values that no argument takes, or few.
NONSENSE = ["nonsense", b"x", [1, 2], object(), -1, 1.5, True, {}, (1, "a")]
#: What Python and PyO3 say where nobody checked.
UNCHECKED = re.compile(
    "failed to extract|is not an instance of|is not iterable|not subscriptable|has no len|cannot be cast"
)


def nonsense_for() -> list[Any]:
    rows = np.random.default_rng(0).normal(size=(12, 4))
    calls: dict[Callable[..., Any], tuple[Any, ...]] = {
        attractor.read: ("rows.npy",),
        attractor.corrupt: (rows, "flip:0.1"),
        attractor.audit: (rows, rows + 1),
        attractor.inspect: (rows,),
        attractor.capacity: ("hopfield",),
        attractor.recommend: (rows, "sigma:0.1"),
        attractor.Diffusion: (rows,),
        attractor.Hopfield: (np.sign(rows),),
        attractor.Diffusion(rows).recall: (rows,),
        attractor.Diffusion(rows).sample: (2,),
    }
    return [
        pytest.param(call, given, name, id=f"{call.__name__}-{name}")
        for call, given in calls.items()
        for name in list(inspect.signature(call).parameters)[len(given) :]
        if name not in ("progress", "observer", "denoiser")
    ]


@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize("call, given, name", nonsense_for())
def test_a_wrong_type_names_its_argument(
    call: Callable[..., Any], given: tuple[Any, ...], name: str, tmp_path: Any, monkeypatch: Any
) -> None:
    monkeypatch.chdir(tmp_path)
    np.save("rows.npy", np.ones((3, 4)))
    quick = {"dims": [4], "sets": 2, "cues": 2, "max_patterns": 16} if call is attractor.capacity else {}
    for value in NONSENSE:
        try:
            call(*given, **{**quick, name: value})
        except (TypeError, ValueError) as error:
            assert not UNCHECKED.search(str(error)), f"{name}={value!r}: {error}"
        except OSError:
            pass


def test_a_wrong_type_of_what_comes_first_names_it() -> None:
    refused(TypeError, "models: expected names, memories or functions", lambda: attractor.capacity(1.5))
    refused(TypeError, "corruption: expected texts", lambda: attractor.recommend(np.ones((3, 4)), 1.5))


def test_pictures_come_as_images_and_are_corrupted_in_their_shape(tmp_path: Any) -> None:
    (tmp_path / "a.png").write_bytes(grey_png(6, 8))
    rows = attractor.read(tmp_path)
    assert rows.images.shape == (1, 6, 8)
    colour = attractor.read(tmp_path, colour=True)
    assert colour.images.shape == (1, 6, 8, 3)
    refused(TypeError, "resize: expected a pair (height, width), found", lambda: attractor.read(tmp_path, resize="6x8"))
    refused(
        ValueError, "images: expected rows that are images", lambda: attractor.Rows(np.ones((2, 4)), None, None).images
    )
    # The lower half of rows, whatever the order of colours: units of a removed pixel are unknown in all of them.
    for shape, axis in [((2, 6, 8), 1), ((2, 6, 8, 3), 1), ((2, 3, 6, 8), 2)]:
        known = attractor.corrupt(np.ones(shape), "block:bottom:0.5").known
        upper, lower = np.split(known, 2, axis=axis)
        assert upper.all() and not lower.any()
