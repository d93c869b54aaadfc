"""Reading keypoints from pose files: OpenPose JSON, rendered pose maps, and photos where a detector is available."""

from __future__ import annotations

import json
import warnings
from pathlib import Path
from typing import Any

import cv2
import numpy as np
from PIL import Image, ImageOps

from vmodel.body.mesh.keypoints import read_coco_17
from vmodel.body.pose.detect import detect_pose
from vmodel.errors import PoseInvalid
from vmodel.types import ByteArray, FloatArray

JOINT_COLOURS = (
    (255, 0, 0), (255, 85, 0), (255, 170, 0), (255, 255, 0), (170, 255, 0), (85, 255, 0),
    (0, 255, 0), (0, 255, 85), (0, 255, 170), (0, 255, 255), (0, 170, 255), (0, 85, 255),
    (0, 0, 255), (85, 0, 255), (170, 0, 255), (255, 0, 255), (255, 0, 170), (255, 0, 85),
)  # fmt: skip
"""RGB of OpenPose's COCO-18 joints as pose maps draw them."""
PICTURES = {".png", ".jpg", ".jpeg", ".webp", ".bmp", ".heic", ".heif", ".tif", ".tiff"}
_BODY_25 = (0, 1, 2, 3, 4, 5, 6, 7, 9, 10, 11, 12, 13, 14, 15, 16, 17, 18)
_MOST_BYTES = 4_000_000


def read_keypoints(path: Path) -> FloatArray:
    """Read the keypoints of the person in a pose file.

    Args:
        path: OpenPose JSON, a rendered pose map, or a photo.
    Returns:
        (18, 3) float64 x, y in pixels and confidence, in COCO-18 order; 0 where missing.
    Raises:
        PoseInvalid: the file is not understood.
        DetectorMissing: it is a photo and no pose detector with weights is installed.
    """
    if path.suffix.lower() in PICTURES:
        rgb = _read_picture(path)
        return read_pose_map(rgb, path.name) if _is_pose_map(rgb) else detect_pose(rgb, path.name)
    return read_openpose_json(path)


def read_openpose_json(path: Path) -> FloatArray:
    """Read the body keypoints of OpenPose JSON: COCO-18, BODY_25, COCO-17 or whole-body; ignore hands and face.

    Raises:
        PoseInvalid: not JSON, no person, several persons, or another number of keypoints.
    """
    try:
        if path.stat().st_size > _MOST_BYTES:
            raise PoseInvalid(path.name, "is too large for a pose")
        content = json.loads(path.read_text(encoding="utf-8-sig"))  # Windows editors add a byte order mark
    except (OSError, ValueError, RecursionError) as error:
        raise PoseInvalid(path.name, "is not JSON") from error
    if isinstance(content, list) and content and isinstance(content[0], dict) and "people" in content[0]:
        content = content[0]  # one entry per picture
    people = content.get("people") if isinstance(content, dict) else None
    if not isinstance(people, list) or not people:
        raise PoseInvalid(path.name, "names no people")
    if len(people) > 1:
        raise PoseInvalid(path.name, f"holds {len(people)} people", "leave only the one whose pose is wanted")
    person = people[0]
    values = person.get("pose_keypoints_2d", person.get("pose_keypoints")) if isinstance(person, dict) else None
    keypoints = _to_coco_18(values, path.name)
    if np.abs(keypoints[:, :2]).max() <= 2.0:  # some tools store shares of the canvas
        canvas = [content.get("canvas_width", 1000), content.get("canvas_height", 1000)]
        try:
            keypoints[:, :2] *= [float(side) for side in canvas]
        except (TypeError, ValueError) as error:
            raise PoseInvalid(path.name, "has no readable canvas size") from error
    return keypoints


def _to_coco_18(values: Any, name: str) -> FloatArray:
    try:
        flat = np.asarray(values, np.float64)
    except (TypeError, ValueError) as error:
        raise PoseInvalid(name, "has keypoints that are not numbers") from error
    if flat.ndim != 1 or not np.isfinite(flat).all():
        raise PoseInvalid(name, "has no pose_keypoints_2d")
    count = len(flat) / 3
    points: FloatArray
    if count == 18:
        points = flat.reshape(18, 3)
    elif count == 25:
        points = flat.reshape(25, 3)[list(_BODY_25)]
    elif count in {17, 133}:
        points = read_coco_17(flat.reshape(-1, 3))
    else:
        raise PoseInvalid(
            name, f"has {len(flat)} numbers for the body, not three for each of 17, 18, 25 or 133 keypoints"
        )
    # OpenPose writes a missing point as the origin, whatever its confidence.
    absent = (points[:, :2] == 0).all(axis=1)
    return np.where(absent[:, None], 0.0, points)


def _read_picture(path: Path) -> ByteArray:
    import pillow_heif

    pillow_heif.register_heif_opener()
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # of odd metadata and of large sizes, which are checked here
            with Image.open(path) as picture:
                if picture.width * picture.height > 40_000_000:
                    raise PoseInvalid(path.name, "has more than 40 megapixels")
                # Phones store photos on their side; in a photo that is not turned upright, the person would lie.
                return np.asarray(ImageOps.exif_transpose(picture).convert("RGB"))
    except PoseInvalid:
        raise
    except Exception as error:  # decoders raise exceptions of many types
        raise PoseInvalid(path.name, "is not a readable picture") from error


def _is_pose_map(rgb: ByteArray) -> bool:
    """Return whether a picture is a pose map: black but for saturated sticks."""
    brightest, darkest = rgb.max(axis=2), rgb.min(axis=2)
    lit = brightest > 60
    share = float(lit.mean())
    return 0.0005 < share < 0.4 and float((darkest[lit] < 80).mean()) > 0.85 and float((brightest < 16).mean()) > 0.55


def read_pose_map(rgb: ByteArray, name: str) -> FloatArray:
    """Find the joints of a rendered pose map by OpenPose's joint colours.

    Args:
        rgb: (H, W, 3) uint8.
        name: file name, for messages.
    Returns:
        (18, 3) float64 keypoints; confidence 1 where a joint was found.
    Raises:
        PoseInvalid: fewer than six joints are found.
    """
    keypoints = np.zeros((18, 3))
    pixels = rgb.astype(np.int32)
    palette = np.array(JOINT_COLOURS)
    bright = np.flatnonzero(pixels.max(axis=2).ravel() > 210)  # joints are full, limbs are dimmed to 60 %
    colours = pixels.reshape(-1, 3)[bright]
    distance = np.abs(colours[:, None] - palette[None]).max(axis=2)
    nearest = distance.argmin(axis=1)
    close = distance[np.arange(len(bright)), nearest] < 40
    for joint in range(18):
        mask = np.zeros(rgb.shape[:2], np.uint8)
        mask.ravel()[bright[close & (nearest == joint)]] = 1
        count, _, stats, centres = cv2.connectedComponentsWithStats(mask, connectivity=8)
        if count > 1:
            largest = 1 + int(stats[1:, cv2.CC_STAT_AREA].argmax())
            if stats[largest, cv2.CC_STAT_AREA] >= 4:
                keypoints[joint] = [*(centres[largest] + 0.5), 1.0]
    if np.count_nonzero(keypoints[:, 2]) < 6:
        raise PoseInvalid(name, "shows too few joints in OpenPose's colours")
    return keypoints
