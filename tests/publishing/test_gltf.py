"""3D file of a dressed model: real body and real drape, parsed from its own bytes."""

from __future__ import annotations

import io
import json
import struct
from dataclasses import replace
from typing import Any

import cv2
import numpy as np
import pytest
from PIL import Image

from vmodel.body.shoes.build import make_shoes
from vmodel.publishing.gltf import write_model3d
from vmodel.shot.pipeline_interface import Shot
from vmodel.studio.dress_model import DressedModel, cast_and_dress
from vmodel.studio.stage_cache import StageCache


@pytest.fixture(scope="module")
def dressed(stages: StageCache, tee_shot: Shot) -> DressedModel:
    asked = replace(tee_shot.request, model=tee_shot.model.id, pose=tee_shot.pose)
    return cast_and_dress(tee_shot.reading, asked, stages)


@pytest.fixture(scope="module")
def file(dressed: DressedModel) -> tuple[dict[str, Any], bytes]:
    return parsed(write_model3d(dressed))


def parsed(content: bytes) -> tuple[dict[str, Any], bytes]:
    """Return the GLB's JSON header and its binary chunk."""
    magic, version, length = struct.unpack_from("<4sII", content)
    assert (magic, version, length) == (b"glTF", 2, len(content))
    head, kind = struct.unpack_from("<I4s", content, 12)
    assert kind == b"JSON"
    told: dict[str, Any] = json.loads(content[20 : 20 + head])
    size, kind = struct.unpack_from("<I4s", content, 20 + head)
    assert (kind, size) == (b"BIN\0", told["buffers"][0]["byteLength"])
    return told, content[28 + head :]


def values(file: tuple[dict[str, Any], bytes], mesh: str, attribute: str) -> Any:
    told, numbers = file
    (primitive,) = next(each for each in told["meshes"] if each["name"] == mesh)["primitives"]
    accessor = told["accessors"][primitive["indices"] if attribute == "indices" else primitive["attributes"][attribute]]
    view = told["bufferViews"][accessor["bufferView"]]
    part = numbers[view["byteOffset"] : view["byteOffset"] + view["byteLength"]]
    width = {"SCALAR": 1, "VEC2": 2, "VEC3": 3}[accessor["type"]]
    return np.frombuffer(part, np.uint32 if attribute == "indices" else np.float32).reshape(accessor["count"], width)


def test_body_and_garment_stand_upright_in_metres_and_face_the_viewer(
    file: tuple[dict[str, Any], bytes], dressed: DressedModel
) -> None:
    body, cloth = (values(file, mesh, "POSITION") for mesh in ("body", "garment 0"))
    assert body[:, 1].min() == pytest.approx(0, abs=0.02)
    assert np.ptp(body[:, 1]) == pytest.approx(np.ptp(dressed.posed.vertices_m[:, 2]), abs=0.02)
    front = np.asarray(dressed.worn.vertices_m)[dressed.worn.triangles[dressed.worn.texture == 0]].reshape(-1, 3)
    assert cloth[:, 2].mean() == pytest.approx(-front[:, 1].mean(), abs=0.01)
    for mesh in file[0]["meshes"]:
        triangles, points = values(file, mesh["name"], "indices"), values(file, mesh["name"], "POSITION")
        assert triangles.max() < len(points)
        assert np.isfinite(points).all()


@pytest.mark.parametrize("name", ["canvas", "loafers-tan", "sandals-black"])
def test_shoes_are_lit_from_outside(name: str, dressed: DressedModel) -> None:
    shoes = make_shoes(dressed.body, name).carried(dressed.posed)
    file = parsed(write_model3d(replace(dressed, scene=replace(dressed.scene, shoes=shoes))))
    points, normals = (values(file, "shoes", attribute) for attribute in ("POSITION", "NORMAL"))
    triangles = values(file, "shoes", "indices").reshape(-1, 3)
    for foot in (points[:, 0] > points[:, 0].mean(), points[:, 0] <= points[:, 0].mean()):
        outwards = ((points[foot] - points[foot].mean(axis=0)) * normals[foot]).sum(axis=1) > 0
        assert outwards.mean() > 0.65  # linings face inwards, and straps and patches have edges on all sides
    corners = points[triangles]
    faces = np.cross(corners[:, 1] - corners[:, 0], corners[:, 2] - corners[:, 0])
    assert ((faces * normals[triangles].mean(axis=1)).sum(axis=1) >= 0).mean() > 0.95  # some have zero area


def test_the_body_wears_the_base_layer(file: tuple[dict[str, Any], bytes], dressed: DressedModel) -> None:
    told, numbers = file
    view = told["bufferViews"][told["images"][0]["bufferView"]]
    with Image.open(io.BytesIO(numbers[view["byteOffset"] : view["byteOffset"] + view["byteLength"]])) as picture:
        painted = np.asarray(picture).astype(float) / 255
    size = painted.shape[:2]
    covered = cv2.resize(dressed.scene.skin.base_layer, size, interpolation=cv2.INTER_AREA) > 0.99
    assert covered.mean() > 0.05
    cloth = cv2.resize(dressed.scene.skin.albedo, size, interpolation=cv2.INTER_AREA)[covered]
    assert np.abs(painted[covered] ** 2.2 - cloth).mean() < 0.03


def test_the_same_drape_is_the_same_file(dressed: DressedModel) -> None:
    assert write_model3d(dressed) == write_model3d(dressed)
