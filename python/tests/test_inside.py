"""Denoisers looked at from inside, and checkpoints that are monitored."""

from __future__ import annotations

from typing import Any

import attractor
import numpy as np
import pytest

WIDTH = 0.4
CENTRES = 1.5 * np.random.default_rng(1).normal(size=(3, 9))
SMALL = {"examine": 60, "draws": 3, "levels": 8, "swaps": 199, "generate": 40}


def rows(count: int, seed: int) -> Any:
    rng = np.random.default_rng(seed)
    return CENTRES[rng.integers(3, size=count)] + WIDTH * rng.normal(size=(count, 9))


def truth(x: Any, sigma: Any) -> Any:
    """The denoiser of the density that the rows come from."""
    variance = (WIDTH**2 + np.asarray(sigma) ** 2)[:, None]
    away = x[:, None, :] - CENTRES
    halves = (away**2).sum(axis=2) / (2 * variance)
    weights = np.exp(halves.min(axis=1, keepdims=True) - halves)
    weights /= weights.sum(axis=1, keepdims=True)
    return (weights[:, :, None] * (CENTRES + WIDTH**2 / variance[:, :, None] * away)).sum(axis=1)


@pytest.fixture(scope="module")
def sets() -> tuple[Any, Any]:
    return rows(200, 2), rows(200, 3)


def regimes(report: attractor.Report) -> set[str]:
    return {level["regime"] for level in report.document["inside"]["levels"]}


def test_memories_remember_and_the_truth_generalises(sets: Any) -> None:
    train, heldout = sets
    report = attractor.audit(train, heldout=heldout, denoiser=attractor.Diffusion(train), **SMALL)
    inside = report.document["inside"]
    assert regimes(report) <= {"remembers", "as exact"} and inside["generalises"] is None
    assert inside["remembers"][0] == inside["levels"][-1]["sigma"] and inside["copies_from_noise"] == 1
    assert all(level["distance_train"] < 1e-9 for level in inside["levels"])
    # The model is the ideal denoiser; rows that are no images have no local one.
    assert {entry["reference"]: entry["r2"] > 1 - 1e-9 for entry in inside["references"]} == {
        "ideal": True,
        "wiener": False,
    }
    assert all(level["r2_ideal"] > 1 - 1e-9 for level in inside["predicted"])
    assert [row["verdict"] for row in report.results] == ["copy"] * 40
    assert "inside" in report.html() or "Inside" in report.html()

    other = attractor.audit(train, heldout=heldout, denoiser=truth, **SMALL)
    inside = other.document["inside"]
    assert regimes(other) <= {"generalises", "as exact"} and inside["remembers"] is None
    assert inside["generalises"][0] == inside["levels"][-1]["sigma"] and inside["copies_from_noise"] < 0.1
    assert other.document["inside"]["sigma_collapse"] == report.document["inside"]["sigma_collapse"]
    # The errors are those of NumPy with noise of its own: 60 rows of 3 draws and 9 units have standard errors below 5 %.
    level = inside["levels"][4]
    noise = np.random.default_rng(5).normal(size=(200, 30, 9))
    noisy = (heldout[:, None] + level["sigma"] * noise).reshape(-1, 9)
    means = truth(noisy, np.full(len(noisy), level["sigma"])).reshape(200, 30, 9)
    assert level["error_heldout"] == pytest.approx(((means - heldout[:, None]) ** 2).mean(), rel=0.2)
    # The same seed gives the same report.
    again = attractor.audit(train, heldout=heldout, denoiser=truth, **SMALL)
    assert again.document["inside"] == inside and again.results == other.results


def test_denoisers_of_every_kind(sets: Any) -> None:
    train, heldout = sets
    expected = attractor.audit(train, heldout=heldout, denoiser=truth, **SMALL).document["inside"]
    shapes = set()

    def image(x: Any, sigma: Any) -> Any:
        shapes.add(x.shape[1:])
        return truth(x.reshape(len(x), -1), sigma).reshape(x.shape)

    images = [part.reshape(-1, 1, 3, 3) for part in (train, heldout)]
    found = attractor.audit(images[0], heldout=images[1], denoiser=image, **SMALL).document["inside"]
    assert shapes == {(1, 3, 3)} and found["levels"] == expected["levels"]
    memory = attractor.Denoiser(truth, patterns=train)
    found = attractor.audit(train, heldout=heldout, denoiser=memory, **SMALL).document["inside"]
    assert found["levels"] == expected["levels"]
    # Half precision is enough, and so is a model in single precision.
    single = attractor.audit(train, heldout=heldout, denoiser=lambda x, s: truth(x, s).astype(np.float32), **SMALL)
    assert [level["regime"] for level in single.document["inside"]["levels"]] == [
        level["regime"] for level in expected["levels"]
    ]
    lids = [[level["lid_heldout"] for level in inside["levels"]] for inside in (single.document["inside"], expected)]
    assert lids[0] == pytest.approx(lids[1], rel=1e-2)


def test_what_is_no_denoiser_is_said(sets: Any) -> None:
    train, heldout = sets
    for wrong, error, words in (
        (lambda x, s: (x - truth(x, s)) / s[:, None], ValueError, "found the noise; return x - sigma"),
        (lambda x, s: (truth(x, s) - x) / s[:, None] ** 2, ValueError, "found the score"),
        (lambda x, s: x, ValueError, "the noisy row itself"),
        (lambda x, s: x[:, :4], ValueError, "denoiser"),
        (lambda x, s: x * np.nan, ValueError, "NaN"),
        (lambda x: x, TypeError, "positional"),
        (3, TypeError, "callable"),
        (attractor.Hopfield(np.sign(train)), ValueError, "no noise levels"),
        (attractor.Diffusion(train[:, :5]), ValueError, "one for 5"),
    ):
        with pytest.raises(error, match=words):
            attractor.audit(train, heldout=heldout, denoiser=wrong, **SMALL)
    report = attractor.audit(train, heldout=heldout, denoiser=lambda x, s: np.full_like(x, 9.0), **SMALL)
    assert "does not come to x" in report.markdown()
    with pytest.raises(ValueError, match="a denoiser"):
        attractor.audit(train, heldout=heldout)
    with pytest.raises(ValueError, match="features"):
        attractor.audit(train, train[:40] + 1, heldout, denoiser=truth, features=[train, train[:40], heldout])
    with pytest.raises(ValueError, match="sigma_min"):
        attractor.audit(train, heldout=heldout, denoiser=truth, sigma_min=2.0, sigma_max=1.0)

    def stop(done: int, of: int) -> None:
        if done > of / 2:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        attractor.audit(train, heldout=heldout, denoiser=truth, progress=stop, **SMALL)


def test_checkpoints_are_monitored(sets: Any, tmp_path: Any) -> None:
    train, heldout = sets
    monitor = attractor.Monitor(train, heldout, swaps=199, examine=60, draws=3, generate=60)
    assert monitor.tau_mem is None and monitor.table == []
    exact = attractor.Diffusion(train, dtype="f64")
    rng = np.random.default_rng(0)
    for step, share in ((10, 0.0), (20, 0.0), (30, 0.4), (40, 0.9)):
        generated = rows(60, step)
        copied = int(share * 60)
        generated[:copied] = train[rng.permutation(200)[:copied]] + 0.01 * rng.normal(size=(copied, 9))
        row = monitor(step, generated)
        # At most 5 % of the list are expected to be false.
        assert row["step"] == step and copied <= row["copies"] <= copied + 3 and row["error_train"] is None
    assert monitor.tau_mem == attractor.TauMem(30, 20) and monitor.tau_mem.after == 20
    # The model itself: its errors on training and held-out rows are looked at, too.
    row = monitor(50, truth)
    assert row["p_gap"] > 0.05 and row["remembered"] < 0.3 and not row["memorises"]
    assert monitor.tau_mem is None
    row = monitor(60, exact)
    assert row["remembered"] == pytest.approx(1) and row["p_gap"] <= 0.05 and row["f_mem_clusters"] == 1
    assert monitor.tau_mem == (60, 50)
    report = monitor.report()
    assert report.document["tau_mem"] == 60 and report.document["tau_mem_after"] == 50
    assert "attractor.Monitor(TRAIN, heldout=HELDOUT" in report.again
    report.write(tmp_path)
    assert (tmp_path / "rates-by-step.png").stat().st_size > 0
    assert list(monitor.to_frame()["step"]) == [10, 20, 30, 40, 50, 60]
    # The rates are those of an audit of the same rows.
    alone = attractor.audit(train, rows(60, 20), heldout, swaps=199)
    rates = {rate["rate"]: rate for rate in alone.document["rates"]}
    for name in ("f_mem", "f_mem_clusters", "dcr_share"):
        assert monitor.table[1][name] == rates[name]["value"] and monitor.table[1][f"{name}_low"] == rates[name]["low"]
    with pytest.raises(ValueError, match="above the last, 60"):
        monitor(60, rows(60, 1))
    with pytest.raises(ValueError, match="4"):
        monitor(70, rows(60, 1)[:, :4])
    assert len(monitor.table) == 6


def test_a_monitor_needs_no_held_out_rows(sets: Any) -> None:
    train, _ = sets
    monitor = attractor.Monitor(train, generate=60)
    for step, model in ((1, truth), (2, attractor.Diffusion(train)), (3, attractor.Diffusion(train))):
        row = monitor(step, model)
        assert row["p_f_mem_clusters"] is None and row["remembered"] is None
    assert monitor.tau_mem == (2, 1)
