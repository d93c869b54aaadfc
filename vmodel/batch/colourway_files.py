"""Files of garments in a colourway, kept beside the pictures that are shot of them."""

from __future__ import annotations

import hashlib
from dataclasses import replace
from pathlib import Path

from vmodel.batch.plan import Task
from vmodel.core.files import write_whole
from vmodel.garment.designs.block_design import ENDING, is_design
from vmodel.garment.designs.colourway import recolour_garment
from vmodel.shot.request import ShotRequest


def in_its_colours(task: Task, folder: Path) -> ShotRequest:
    """Return the shot of a task with its garment in the task's colourway.

    The recoloured drawing or design is written to ``folder``, where ``vmodel shoot`` and sidecars find it. Its
    name ends with a digest of its content, because two rows may give one name to different colours.

    Args:
        task: to be shot.
        folder: of the pictures.
    Raises:
        VModelError: the drawing or design is no longer what it was when the batch was planned.
        OutputNotWritable: the disk is full.
    """
    if task.colourway is None:
        return task.request
    photo = task.request.garment.photo
    content = recolour_garment(photo, task.colourway.colours)
    digest = hashlib.sha256(content).hexdigest()[:8]
    ending = ENDING if is_design(photo) else photo.suffix
    path = folder / f"{task.sku}--{task.colourway.name}--{digest}{ending}"
    if not path.is_file():
        write_whole(path, content)
    return replace(task.request, garment=replace(task.request.garment, photo=path))
