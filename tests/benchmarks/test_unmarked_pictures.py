from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from benchmarks.common.tables import EXAMPLES
from benchmarks.common.unmarked_pictures import picture_of, tasks_of
from benchmarks.watermark import Kept, read_picture
from vmodel.rights.watermark.codec import LEAST_SIDE_PX

PHOTO = EXAMPLES / "logo-tee.jpg"


def test_a_whole_picture_comes_first_then_other_crops_of_it_and_drawn_ones() -> None:
    tasks = tasks_of([PHOTO], 10)
    assert len(tasks) == len(set(tasks)) == 10
    pictures = [picture_of(task, read_picture) for task in tasks]
    assert pictures[0].shape == read_picture(PHOTO).shape
    assert len({picture.tobytes() for picture in pictures}) == 10
    assert all(min(picture.shape[:2]) >= LEAST_SIDE_PX for picture in pictures)
    assert all(picture.dtype == np.uint8 and picture.shape[2] == 3 for picture in pictures)
    assert (picture_of(tasks[-1], read_picture) == pictures[-1]).all()


@pytest.mark.parametrize("count", [0, 3])
def test_what_was_found_before_is_not_tried_again(count: int, tmp_path: Path) -> None:
    path, tasks = tmp_path / "kept.jsonl", [(PHOTO, turn) for turn in range(5)]
    kept = Kept(path)
    for task in tasks[:count]:
        kept.keep(picture_of, task, task[1])
    known, left = Kept(path).split(picture_of, tasks)
    assert known == list(range(count))
    assert left == tasks[count:]
