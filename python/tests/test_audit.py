"""Audits of generated rows."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import attractor
import numpy as np
import pytest


@pytest.fixture
def sets() -> tuple[Any, Any, Any]:
    rng = np.random.default_rng(0)
    train, heldout, generated = rng.normal(size=(3, 300, 10))
    generated[0] = train[7]
    generated[1] = train[8] + 0.01
    return train, generated, heldout


def verdicts(report: attractor.Report) -> list[str]:
    return [row["verdict"] for row in report.results]


def test_copies_are_found(sets: Any) -> None:
    train, generated, heldout = sets
    report = attractor.audit(train, generated, heldout)
    assert verdicts(report)[:3] == ["copy", "near copy", "new"]
    assert report.results[0]["train_row"] == 7 and report.results[0]["distance"] == 0
    assert report.document["verdicts"] == {"copy": 1, "near copy": 1, "mosaic": 0, "new": 298}
    rates = {rate["rate"]: rate for rate in report.document["rates"]}
    assert rates["ims"]["value"] == pytest.approx(1 / 300) and 0 < rates["dcr_share"]["p"] <= 1
    assert attractor.audit(train, generated, heldout).results == report.results
    # NumPy's own distances.
    distances = np.linalg.norm(generated[:, None] - train, axis=2)
    found = np.array([row["distance"] for row in report.results])
    assert found == pytest.approx(distances.min(axis=1), rel=1e-12, abs=0)
    assert [row["train_row"] for row in report.results] == distances.argmin(axis=1).tolist()


def test_rates_are_those_of_numpy(sets: Any) -> None:
    train, generated, heldout = sets
    report = attractor.audit(train, generated, heldout, swaps=19)
    rates = {rate["rate"]: rate["value"] for rate in report.document["rates"]}

    def distances(x: Any, y: Any) -> Any:
        return np.linalg.norm(x[:, None] - y, axis=2)

    to_train = distances(generated, train)
    first, second = np.sort(to_train, axis=1)[:, :2].T
    own = np.sort(distances(train, train), axis=1)[:, 1]
    expected = {
        "f_mem": (first / second < 1 / 3).mean(),
        "dcr_share": (first < distances(generated, heldout).min(axis=1)).mean(),
        "nndr": np.sort(first / second)[len(generated) // 20],
        "auth_pct": (first > own[to_train.argmin(axis=1)]).mean(),
    }
    assert {name: rates[name] for name in expected} == pytest.approx(expected, rel=1e-12)


def test_arrays_of_other_kinds_are_rows(sets: Any) -> None:
    train, generated, heldout = sets
    expected = verdicts(attractor.audit(train, generated, heldout))
    pandas = pytest.importorskip("pandas")
    frames = [pandas.DataFrame(rows) for rows in sets]
    assert verdicts(attractor.audit(frames[0], frames[1], frames[2])) == expected
    lists = [rows.tolist() for rows in sets]
    assert verdicts(attractor.audit(lists[0], lists[1], lists[2])) == expected
    # Features are compared in place of rows.
    other = np.random.default_rng(1).normal(size=(3, 300, 4))
    report = attractor.audit(other[0], other[1], other[2], features=[train, generated, heldout])
    assert verdicts(report) == expected


def test_images_and_folders(tmp_path: Path) -> None:
    images = attractor.digits().images
    order = np.random.default_rng(0).permutation(len(images))
    train, heldout, generated = images[order[:200]], images[order[200:400]], images[order[400:440]].copy()
    generated[0] = train[3]
    report = attractor.audit(train, generated, heldout, calibrate=True, swaps=19)
    assert report.results[0]["verdict"] == "copy" and report.results[0]["mosaic_distance"] == 0
    assert any(kind["kind"] == "mosaic" for kind in report.document["calibration"])
    assert report.results[0]["local_error"] == 0 and report.results[0]["p_local_error"] == 1 / 201
    assert report.document["settings"]["local-window"] == 3
    # Each pixel's window in its place, compared here with those of all training images.
    pixels, stored = (images.astype(np.float64) / 255 for images in (generated[1], train))
    squares = np.zeros((2, 8, 8))
    for y, x in np.ndindex(8, 8):
        part = np.s_[max(y - 1, 0) : y + 2, max(x - 1, 0) : x + 2]
        away = ((stored[(slice(None), *part)] - pixels[part]) ** 2).sum(axis=(1, 2))
        # Windows that are equally near but for rounding.
        middles = (stored[away <= away.min() + 1e-6, y, x] - pixels[y, x]) ** 2
        squares[:, y, x] = middles.min(), middles.max()
    low, high = np.sqrt(squares.mean(axis=(1, 2)))
    assert low - 1e-6 <= report.results[1]["local_error"] <= high + 1e-6 and high < 1.2 * low
    other = attractor.audit(
        train, generated, heldout, swaps=19, local_window=5, local_rule="equivariant-local", local_rows=20
    )
    assert [row["row"] for row in other.results if row["local_error"] is not None] == list(range(0, 40, 2))
    for wrong in ({"local_window": 4}, {"local_rule": "wiener"}):
        with pytest.raises(ValueError, match=next(iter(wrong))):
            attractor.audit(train, generated, heldout, **wrong)
    report.write(tmp_path)
    assert (tmp_path / "worst.png").exists()
    path = tmp_path / "train.npy"
    np.save(path, train)
    assert verdicts(attractor.audit(path, generated, heldout, swaps=19)) == verdicts(report)


def test_tables_with_text_and_gaps() -> None:
    pandas = pytest.importorskip("pandas")
    rng = np.random.default_rng(0)

    def table(rows: int) -> Any:
        age = rng.integers(18, 80, rows).astype(float)
        age[rng.random(rows) < 0.1] = np.nan
        return pandas.DataFrame(
            {"age": age, "income": rng.normal(3000, 500, rows), "job": rng.choice(["cook", "clerk", None], rows)}
        )

    train, heldout, generated = table(200), table(200), table(50)
    generated.iloc[:5] = train.iloc[:5]
    report = attractor.audit(train, generated[["job", "age", "income"]], heldout)
    assert report.document["settings"]["distance"] == "gower"
    assert verdicts(report)[:5] == ["copy"] * 5
    assert [row["train_row"] for row in report.results[:5]] == [0, 1, 2, 3, 4]
    with pytest.raises(ValueError, match=r"generated: expected .*job"):
        attractor.audit(train, generated.rename(columns={"job": "work"}), heldout)


def test_what_cannot_be_audited_is_refused(sets: Any) -> None:
    train, generated, heldout = sets
    for arguments, words in [
        ((train, train), "the training rows themselves"),
        ((train, generated[:, :4]), "rows of 10 values"),
        ((train, generated[:0]), "at least 1 row"),
        ((train[:1], generated), "at least 2 rows"),
        ((train, generated, heldout[:, :3]), "heldout"),
    ]:
        with pytest.raises(ValueError, match=words):
            attractor.audit(*arguments)
    gap = generated.copy()
    gap[3, 2] = np.nan
    with pytest.raises(ValueError, match="row 3, unit 2"):
        attractor.audit(train, gap)
    with pytest.raises(ValueError, match="fdr"):
        attractor.audit(train, generated, fdr=1.5)
    with pytest.raises(ValueError, match="features"):
        attractor.audit(train, generated, heldout, features=[train, generated])
    with pytest.raises(TypeError, match="swaps"):
        attractor.audit(train, generated, swaps=1.5)  # type: ignore[arg-type]


def test_progress_stops_an_audit(sets: Any) -> None:
    def stop(done: int, of: int) -> None:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        attractor.audit(*sets, progress=stop)
