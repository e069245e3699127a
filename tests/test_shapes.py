"""Projects of other shapes than the sample's climb to level 8 and descend to where they began."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.shapes import SHAPES, Shape, Walk

QUICK = {"board"}


def walks() -> list[object]:
    """Return the shapes as parameters; the quick tests have one of them."""
    return [
        pytest.param(
            shape,
            id=shape.name,
            marks=[] if shape.name in QUICK else [pytest.mark.exhaustive],
        )
        for shape in SHAPES
    ]


@pytest.mark.parametrize("shape", walks())
def test_a_project_of_another_shape_climbs_and_descends(
    tmp_path: Path, capfd: pytest.CaptureFixture[str], shape: Shape
) -> None:
    walk = Walk(shape, tmp_path)
    walk.adopt()
    paths = set(walk.own)
    up = range(shape.level + 1, 9)
    for level in [*up, *reversed(range(shape.level, 8))]:
        walk.climb(level)
        assert "Traceback" not in capfd.readouterr().err
    assert set(walk.own) == paths, "each file is where it was"
