"""A person whose photo ends below the chin is a person; garments of skin's colours are not."""

from __future__ import annotations

import numpy as np
import pytest

from tests.garment.drawn_flat_lays import JEANS_CM, TEE_CM, Colour, Points, photograph, whole
from tests.garment.test_cutout import as_flat_lay, figure
from vmodel.errors import PersonInPhoto
from vmodel.garment.cutout import cut_out
from vmodel.garment.cutout_person import shows_person

NUDE, TAN, PINK = (222, 178, 152), (190, 150, 112), (226, 170, 165)
CAMISOLE: Points = [(0, 12), (9, 8), (9, -8), (11, -8), (11, 8), (19, 18), (18, 34), (22, 62), (0, 63)]
TRENCH: Points = [(0, 2), (8, 0), (22, 4), (34, 58), (26, 61), (22, 26), (20, 44), (30, 112), (0, 112)]
BELT: Points = [(0, 44), (21, 44), (21, 48), (0, 48)]


@pytest.mark.parametrize("skin", [(232, 190, 165), (198, 140, 105), (120, 78, 56)])
@pytest.mark.parametrize("below", [600, 800], ids=["to the knee", "to the feet"])
def test_a_person_without_a_head_is_refused(skin: Colour, below: int) -> None:
    with pytest.raises(PersonInPhoto, match="flat-lay"):
        cut_out(as_flat_lay(figure(skin)[158:below]))


def test_a_cream_collar_that_the_picture_cuts_off_is_no_neck() -> None:
    cut_out(as_flat_lay(figure((226, 219, 201))[158:600]))


@pytest.mark.parametrize(
    "layers",
    [
        [(whole(CAMISOLE), NUDE)],
        [(whole(TRENCH), TAN), (whole(BELT), (150, 112, 80))],
        [(whole(JEANS_CM), PINK)],
        [(whole(TEE_CM), NUDE), (whole([*JEANS_CM[:2], (21, 10), (0, 10)], (0, 58)), (40, 60, 110))],
    ],
    ids=["nude camisole", "tan trench coat", "pink trousers", "nude tee with a dark hem"],
)
@pytest.mark.parametrize("cropped", [False, True], ids=["whole", "cut off by the picture"])
def test_garments_of_skins_colours_are_no_persons(layers: list[tuple[Points, Colour]], cropped: bool) -> None:
    rgb = photograph(layers).rgb
    unlike = np.abs(rgb.astype(int) - (214, 213, 210)).max(axis=-1) > 25
    top = int(unlike.any(axis=1).argmax()) + 25 if cropped else 0
    assert not shows_person(np.ascontiguousarray(rgb[top:]), unlike[top:])
