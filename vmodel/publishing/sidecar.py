"""Sidecars: the JSON file beside each picture, with its origin and all that is needed to make it again."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import asdict, replace
from importlib.metadata import version
from pathlib import Path
from typing import Any

from vmodel.core.files import sha256_of
from vmodel.errors import BadUsage, FocalOutOfRange, SidecarInvalid, SizeOutOfRange
from vmodel.shot.pipeline_interface import Attempt, Shot
from vmodel.shot.request import FILE_FIELDS, GarmentSource, ShotRequest
from vmodel.wardrobe.styles import PLAIN

FORMAT_VERSION = 1
BLUR = "blur:"
_OUTFIT = "outfit."


def describe_shot(shot: Shot) -> dict[str, Any]:
    """Describe a picture's origin as plain values: all of a sidecar but the picture's own file and licence."""
    kind = shot.reading.kind
    asked_style = shot.request.style
    styled = {} if asked_style == PLAIN else {"style": {"asked": asked_style, **asdict(shot.style)}}
    return {
        "format": FORMAT_VERSION,
        "vmodel": version("vmodel"),
        "request": resolved_request(shot),
        "inputs": _digests(_resolved(shot)),
        "garment": {
            "category": kind.category.value,
            "confidence": round(kind.confidence, 3),
            "stated": kind.stated,
            "sleeve": kind.sleeve.value,
            "neckline": kind.neckline.value,
            "length": kind.length.value,
            "open_front": shot.garment.kind.open_front,
            "material": shot.garment.material,
            "cm_per_px": round(shot.garment.cm_per_px, 6),
            "scale_source": shot.garment.scale_source,
            "cutout": {"source": shot.reading.cutout.source, "confidence": round(shot.reading.cutout.confidence, 3)},
        },
        "model": {"id": shot.model.id, "name": shot.model.name, "size": shot.model.size, "age": shot.model.age},
        "fit": _rounded(asdict(shot.fit)),
        "drape": _rounded(asdict(shot.drape.report)),
        **styled,
        "made_by": shot.generated.made_by,
        "tries": [_describe_try(each) for each in shot.generated.attempts],
        "check": shot.check,
        "warnings": list(shot.warnings),
        "timings": dict(shot.timings),
    }


def resolved_request(shot: Shot) -> dict[str, Any]:
    """Return the request of a shot as its sidecar keeps it: model, pose and pieces named, files by absolute paths."""
    plain: dict[str, Any] = json.loads(json.dumps(_absolute(_resolved(shot)).to_json()))
    return plain


def _resolved(shot: Shot) -> ShotRequest:
    return replace(shot.request, model=shot.model.id, pose=shot.pose, style=shot.style.name)


def record_sha256(content: Mapping[str, Any]) -> str:
    """Return the digest of a sidecar's description of its picture; the licence is bound to it.

    Files count by content, not by path; run times, warnings and the program's version do not count.

    Args:
        content: of ``describe_shot``, or of a sidecar.
    Returns:
        Hex SHA-256.
    Raises:
        KeyError, TypeError, AttributeError: the content is not that of a sidecar.
    """
    inputs, request = content["inputs"], dict(content["request"])
    request["garment"] = _without_files(request["garment"])
    if "outfit" in request:
        request["outfit"] = [_without_files(garment) for garment in request["outfit"]]
    for name in inputs.keys() & {"pose", "background"}:
        request[name] = BLUR if str(request[name]).startswith(BLUR) else ""
    record = {name: content[name] for name in ("garment", "model", "fit", "drape", "made_by", "tries")}
    record["drape"] = {name: value for name, value in record["drape"].items() if name != "seconds"}
    record |= {"inputs": inputs, "request": request}
    text = json.dumps(record, sort_keys=True, separators=(",", ":"), ensure_ascii=False)
    return hashlib.sha256(text.encode()).hexdigest()


def _without_files(garment: Mapping[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in garment.items() if name not in FILE_FIELDS}


def _describe_try(each: Attempt) -> dict[str, Any]:
    return {"seed": each.seed, "missed": list(each.report.missed), "scores": _rounded(dict(each.report.scores))}


def read_sidecar(path: Path) -> ShotRequest:
    """Read the request that makes the sidecar's picture again.

    Files are searched for at their stated paths, then beside the sidecar; their content must be unchanged.

    Raises:
        SidecarInvalid: not a sidecar, of a later format, or an input is gone or changed.
    """
    try:
        content = json.loads(path.read_text(encoding="utf-8"))
        if content["format"] != FORMAT_VERSION:
            raise SidecarInvalid(str(path), f"has format {content['format']}, not {FORMAT_VERSION}")
        request = ShotRequest.from_json(content["request"])
        digests = {str(name): str(digest) for name, digest in content["inputs"].items()}
        stated = {name: _input_path(request, name) for name in digests}
    except (OSError, UnicodeDecodeError, RecursionError) as error:
        raise SidecarInvalid(str(path), f"cannot be read ({_reason(error)})") from None
    except (LookupError, TypeError, AttributeError, ValueError, BadUsage, FocalOutOfRange, SizeOutOfRange) as error:
        raise SidecarInvalid(str(path), f"is not one of vmodel ({_reason(error)})") from None
    found = {name: _find(path, name, stated[name], digests[name]) for name in digests}
    return _with_files(request, found)


def _find(sidecar: Path, name: str, stated: Path, digest: str) -> Path:
    for candidate in (stated, sidecar.parent / stated.name):
        if candidate.is_file() and sha256_of(candidate) == digest:
            return candidate
    raise SidecarInvalid(str(sidecar), f"needs its {name} {stated}, which is gone or has changed")


def _input_path(request: ShotRequest, name: str) -> Path:
    """Return the path that the request states for an input, named as in ``_input_files``."""
    if name.startswith(_OUTFIT):
        number, field = name.removeprefix(_OUTFIT).split(".")
        value = getattr(request.outfit[int(number)], field)
    else:
        value = getattr(request.garment if name in FILE_FIELDS else request, name, None)
    return Path(str(value).removeprefix(BLUR)) if isinstance(value, str | Path) else Path(name)


def _input_files(request: ShotRequest) -> dict[str, Path]:
    """Return the request's files by name; pose and background are files only if one of that name exists."""
    named = _garment_files(request.garment, "")
    for number, source in enumerate(request.outfit):
        named |= _garment_files(source, f"{_OUTFIT}{number}.")
    free = {"pose": Path(request.pose or ""), "background": Path(request.background.removeprefix(BLUR))}
    return named | {name: path for name, path in free.items() if path.is_file()}


def _garment_files(source: GarmentSource, prefix: str) -> dict[str, Path]:
    named = {prefix + name: getattr(source, name) for name in FILE_FIELDS}
    return {name: path for name, path in named.items() if path is not None}


def _digests(request: ShotRequest) -> dict[str, str]:
    return {name: sha256_of(path) for name, path in _input_files(request).items()}


def _absolute(request: ShotRequest) -> ShotRequest:
    return _with_files(request, {name: path.resolve() for name, path in _input_files(request).items()})


def _with_files(request: ShotRequest, files: Mapping[str, Path]) -> ShotRequest:
    pose = str(files["pose"]) if "pose" in files else request.pose
    background = _blur_of(request) + str(files["background"]) if "background" in files else request.background
    garment = _garment_with(request.garment, "", files)
    outfit = tuple(_garment_with(each, f"{_OUTFIT}{number}.", files) for number, each in enumerate(request.outfit))
    return replace(request, garment=garment, outfit=outfit, pose=pose, background=background)


def _garment_with(source: GarmentSource, prefix: str, files: Mapping[str, Path]) -> GarmentSource:
    found: dict[str, Any] = {name: files[prefix + name] for name in FILE_FIELDS if prefix + name in files}
    return replace(source, **found)


def _blur_of(request: ShotRequest) -> str:
    return BLUR if request.background.startswith(BLUR) else ""


def _rounded(values: dict[str, Any]) -> dict[str, Any]:
    return {name: round(value, 4) if isinstance(value, float) else value for name, value in values.items()}


def _reason(error: Exception) -> str:
    return f"no field {error}" if isinstance(error, KeyError) else str(error).splitlines()[0].rstrip(".")
