"""Every check of scikit-learn's suite on every class of memories. Written for scikit-learn 1.9; checks that are expected to fail are listed with the reason."""

from __future__ import annotations

import warnings
from typing import Any

import attractor
import numpy as np
import pytest

sklearn = pytest.importorskip("sklearn", minversion="1.8")
from sklearn.utils.estimator_checks import parametrize_with_checks  # noqa: E402

#: What no memory does as scikit-learn's own estimators.
EVERY = {
    "check_do_not_raise_errors_in_init_or_set_params": "the constructor stores patterns, if it is given some, and checks them",
    "check_fit2d_predict1d": "one vector is a batch of one, so that memory.recall(cue) needs no brackets",
    "check_classifiers_regression_target": "a label is a name and may be any number, as 0.5 is in a table of doses",
}
CUT_AT_ZERO = {
    "check_classifiers_train": "states are +1 and -1, so that two or three features that are cut at 0 tell few classes apart"
}
AUTO = {
    "check_sample_weight_equivalence_on_dense_data": "what is chosen automatically follows from the rows, of which a weight "
    "makes no more: beta from their separation, the noise level of a cue from their spread"
}
RECALLED = {
    "check_classifiers_train": "predict says what is recalled, predict_proba what is probable; at a broad posterior these differ"
}


def shrink(x: np.ndarray, sigma: np.ndarray) -> np.ndarray:
    """The denoiser of one Gaussian of variance 1."""
    return x / (1 + sigma[:, None] ** 2)


class Strips(attractor.Local):
    """Rows as images of one pixel's height, since the checks' rows have many widths."""

    def _make(self, patterns: Any, **known: Any) -> Any:
        named = self._named() | {"image": f"1x{patterns.shape[1]}"}
        return attractor._attractor.Memory.build(self._model, named, patterns, **known)

    def __sklearn_tags__(self) -> Any:
        tags = super().__sklearn_tags__()
        tags.input_tags.two_d_array = True
        return tags


#: Rows far from all patterns are covered by no support, and then have no probabilities.
OUTSIDE = AUTO | dict.fromkeys(
    ("check_classifiers_one_label", "check_decision_proba_consistency", "check_fit_idempotent"),
    "a row that no support covers has no weights",
)

ENDS = "a recall goes on to the end of its sequence, whose label is not that of the row"
#: Memories that play a sequence.
TO_THE_END = {"check_classifiers_train": ENDS}

#: Estimators, with what is expected to fail beside EVERY.
ESTIMATORS: list[tuple[Any, dict[str, str]]] = [
    (attractor.Hopfield(), CUT_AT_ZERO),
    (attractor.Hopfield(prepare="center"), {}),
    (attractor.Bidirectional(prepare="center"), {}),
    (attractor.SparseDistributed(locations=500), {}),
    (attractor.Dense(), CUT_AT_ZERO),
    (attractor.Modern(), AUTO),
    (attractor.Modern(beta=2.0), RECALLED),
    (attractor.LogSumRelu(), OUTSIDE),
    (attractor.RandomFeatures(features=500), AUTO),
    (attractor.Sequence(), TO_THE_END),
    (attractor.ContinuousSequence(), TO_THE_END | {"check_classifiers_classes": ENDS}),
    (attractor.Universal(), {}),
    (attractor.Diffusion(), AUTO),
    (Strips(sampler="one-step"), AUTO),
    (attractor.Mixture(), AUTO),
    (attractor.Network(training={"steps": 30, "width": 24, "depth": 2}), {}),
    (attractor.Denoiser(shrink, sigma=0.3), {}),
]


def test_every_class_is_checked() -> None:
    checked = {kind for estimator, _ in ESTIMATORS for kind in type(estimator).__mro__}
    assert {*attractor._models.MODELS, attractor.Denoiser} <= checked
    # Images alone: their form is not known before fit.
    assert not attractor.Local().__sklearn_tags__().input_tags.two_d_array


def expected(estimator: Any) -> dict[str, str]:
    return EVERY | next(more for known, more in ESTIMATORS if known is estimator)


with warnings.catch_warnings():
    # They cannot inherit from BaseEstimator, since the package works without scikit-learn.
    warnings.filterwarnings("ignore", "Estimator .* does not inherit")
    CHECKS = parametrize_with_checks(
        [estimator for estimator, _ in ESTIMATORS], expected_failed_checks=expected, xfail_strict=True
    )


@pytest.mark.filterwarnings("ignore::attractor.AttractorWarning")
@CHECKS
def test_check(estimator: Any, check: Any) -> None:
    check(estimator)
