"""Results have every field that Rust declares, and document it."""

import re

import attractor
import pytest
from attractor import _attractor, _results


@pytest.mark.parametrize(
    "kind, fields",
    [
        (_results.Recall, _attractor.ROW),
        (_results.Trace, [*_attractor.MOMENT, *_attractor.MARKS]),
        (_results.Counts, _attractor.COUNTS),
        (_results.Effect, _attractor.EFFECT),
    ],
)
def test_every_field_is_documented(kind, fields):
    documented = set(re.findall(r"[a-z_]+", re.search(r"Attributes\n(.*)", kind.__doc__, re.S)[1]))
    for name, _, meaning in fields:
        assert name in documented, name
        assert name in kind.__annotations__ or hasattr(kind, name), name
        assert meaning


def test_a_table_has_every_field_that_is_one_number():
    recall = attractor.Diffusion([[1.0, 1], [-1, -1]]).recall([[0.9, 0.8]])
    names = [name for name, kind, _ in _attractor.ROW if kind not in ("weights", "list")]
    expected = [names[0], "label", *names[1:]]
    assert list(recall._columns) == expected
    assert set(recall.to_dict()) == {name for name in expected if getattr(recall, name) is not None}


def test_what_is_asked_is_asked_by_name():
    core = attractor.Modern([[1.0, 2.0], [2.0, 1.0]])._built()
    with pytest.raises(TypeError, match="colour"):
        core.recall(attractor.Modern([[1.0, 2.0]]).patterns, None, {"colour": 3})
