"""Errors for users: one class, one stable code, one sentence with the remedy.

VModelError
├── InputError          the user's file or flag; a retry cannot help
│   ├── photo: PhotoNotFound UnreadablePhoto UnsupportedPhoto PhotoTooLarge PhotoTooSmall AnimatedPhoto
│   ├── garment: GarmentNotFound SeveralGarments PersonInPhoto MaskMismatch LandmarksInvalid
│   ├── kind and size: UnknownCategory UnknownMaterial SizeImplausible SizeChartInvalid
│   ├── body: UnknownModel ModelInvalid UnknownPose PoseInvalid PoseImpossible DetectorMissing
│   ├── scene: UnknownView UnknownFraming UnknownLight UnknownBackground SizeOutOfRange
│   ├── files: BadUsage OutputNotWritable SidecarInvalid OutfitInvalid
│   └── policy: NotAllowedForChildren
├── StageError          the program could not finish; the message says what to try
│   └── DrapeFailed ClothTornLoose, and quality.NotWornRight
└── SetupError          something is missing on the machine
    ├── WeightsMissing PackageMissing PipelineUnknown TrainingPicturesMissing CheckpointMissing
    └── hub: UnknownWeights WeightsNotPulled WeightsIncomplete WeightsChanged WeightsUnavailable LicenceNotAccepted
             DiskTooFull CardTooSmall MemoryTooSmall CardMemoryExhausted
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import ClassVar


class VModelError(Exception):
    """Base of all errors meant for users.

    Attributes:
        code: stable identifier, the same in CLI, API and job rows.
        retryable: True if the same request may succeed later.
    """

    code: ClassVar[str] = "error"
    retryable: ClassVar[bool] = False


class InputError(VModelError):
    """The request cannot be carried out as given."""

    code = "bad_input"


class StageError(VModelError):
    """A stage could not reach its quality bar."""

    code = "stage_failed"
    retryable = True


class SetupError(VModelError):
    """The machine lacks something the request needs."""

    code = "setup"


def _listing(names: Iterable[str]) -> str:
    return ", ".join(sorted(names))


class PhotoNotFound(InputError):
    """The path does not lead to a file."""

    code = "photo_not_found"

    def __init__(self, photo: str, is_folder: bool = False) -> None:
        why = f"No file at {photo}; check the path."
        if is_folder:
            why = f"{photo} is a folder; shoot all photos in it with `vmodel batch {photo}`, or name one of them."
        super().__init__(why)
        self.photo = photo


class UnreadablePhoto(InputError):
    """The file is empty, cut short or damaged."""

    code = "photo_unreadable"

    def __init__(self, photo: str, reason: str) -> None:
        super().__init__(f"{photo} cannot be read ({reason}); export the photo again and retry.")
        self.photo, self.reason = photo, reason


class UnsupportedPhoto(InputError):
    """The file is not a picture of a supported format."""

    code = "photo_unsupported"

    def __init__(self, photo: str) -> None:
        super().__init__(f"{photo} is not a supported picture; use JPEG, PNG, WebP, HEIC or TIFF.")
        self.photo = photo


class PhotoTooLarge(InputError):
    """More pixels or bytes than the bound."""

    code = "photo_too_large"

    def __init__(self, photo: str, megapixels: float, limit: float, unit: str = "megapixels") -> None:
        super().__init__(f"{photo} has {megapixels:.1f} {unit}; resize it to at most {limit:.0f} {unit}.")
        self.photo, self.megapixels, self.limit = photo, megapixels, limit


class PhotoTooSmall(InputError):
    """Too few pixels to know a garment, or a strip that shows none."""

    code = "photo_too_small"

    def __init__(self, photo: str, size: tuple[int, int], limit: int) -> None:
        remedy = f"use a photo of at least {limit} pixels on its shorter side"
        if min(size) >= limit:
            remedy = "such a strip shows no garment; use the whole photo"
        super().__init__(f"{photo} is {size[1]}x{size[0]} pixels; {remedy}.")
        self.photo, self.size = photo, size


class AnimatedPhoto(InputError):
    """The file holds several frames."""

    code = "photo_animated"

    def __init__(self, photo: str) -> None:
        super().__init__(f"{photo} is animated or has several pages; export one still picture.")
        self.photo = photo


class GarmentNotFound(InputError):
    """Nothing stands out from the background, all of it is transparent, or what is there is no garment."""

    code = "garment_not_found"

    def __init__(self, photo: str, is_hidden: bool = False, is_other: bool = False) -> None:
        why = f"No garment stands out from the background of {photo}; photograph it on a plain surface or pass --mask."
        if is_hidden:
            why = f"The transparency of {photo} hides everything; save it without transparency or pass --mask."
        elif is_other:
            why = f"{photo} may show no whole garment but a detail, shoes or a hat; if it is one, name its --category."
        super().__init__(why)
        self.photo = photo


class SeveralGarments(InputError):
    """More than one garment of similar size."""

    code = "several_garments"

    def __init__(self, photo: str, count: int) -> None:
        drawn = photo.lower().endswith(".svg")
        remedy = "leave one, with groups named front and back" if drawn else "crop it to one garment or pass --mask"
        super().__init__(f"{photo} shows {count} separate garments; {remedy}.")
        self.photo, self.count = photo, count


class PersonInPhoto(InputError):
    """The photo shows a person wearing the garment."""

    code = "person_in_photo"

    def __init__(self, photo: str) -> None:
        super().__init__(f"{photo} seems to show a person; use a flat-lay photo of the garment alone.")
        self.photo = photo


class MaskMismatch(InputError):
    """The mask file does not fit the photo."""

    code = "mask_mismatch"

    def __init__(self, mask: str, reason: str) -> None:
        super().__init__(f"The mask {mask} {reason}; save a black and white picture with the photo's own size.")
        self.mask = mask


class LandmarksInvalid(InputError):
    """The landmarks file is not understood."""

    code = "landmarks_invalid"

    def __init__(self, path: str, reason: str) -> None:
        super().__init__(f"The landmarks file {path} {reason}; start from the one that `vmodel inspect --json` prints.")
        self.path = path


class UnknownCategory(InputError):
    """The stated category has no pattern rule."""

    code = "unknown_category"

    def __init__(self, category: str, known: Iterable[str]) -> None:
        super().__init__(f"Unknown category {category!r}; use one of: {_listing(known)}.")
        self.category = category


class UnknownMaterial(InputError):
    """The stated material is not in the list."""

    code = "unknown_material"

    def __init__(self, material: str, known: Iterable[str]) -> None:
        super().__init__(f"Unknown material {material!r}; use one of: {_listing(known)}.")
        self.material = material


class SizeImplausible(InputError):
    """The stated centimetres do not describe a wearable garment of this kind."""

    code = "size_implausible"

    def __init__(self, reason: str) -> None:
        super().__init__(f"{reason}; measure the garment lying flat and give centimetres.")


class SizeChartInvalid(InputError):
    """The size chart cannot be used."""

    code = "size_chart_invalid"

    def __init__(self, path: str, reason: str, remedy: str = "give the columns size, width_cm, length_cm") -> None:
        super().__init__(f"The size chart {path} {reason}; {remedy}.")
        self.path = path


class UnknownModel(InputError):
    """No roster entry has this id."""

    code = "unknown_model"

    def __init__(self, model: str) -> None:
        super().__init__(f"No virtual model {model!r}; `vmodel models list` shows all.")
        self.model = model


class ModelInvalid(InputError):
    """A new model's description is out of range."""

    code = "model_invalid"

    def __init__(self, reason: str) -> None:
        super().__init__(f"The virtual model cannot be made: {reason}.")


class UnknownPose(InputError):
    """The pose is neither a name of the library nor a file."""

    code = "unknown_pose"

    def __init__(self, pose: str, known: Iterable[str]) -> None:
        super().__init__(f"No pose {pose!r}; use a pose file or one of: {_listing(known)}.")
        self.pose = pose


class PoseInvalid(InputError):
    """The pose file is not understood."""

    code = "pose_invalid"

    def __init__(self, path: str, reason: str, remedy: str = "give OpenPose JSON or a rendered pose map") -> None:
        super().__init__(f"The pose file {path} {reason}; {remedy}.")
        self.path = path


class PoseImpossible(InputError):
    """A joint would have to bend further than a person can."""

    code = "pose_impossible"

    def __init__(self, joint: str, reason: str) -> None:
        super().__init__(f"The pose is impossible at the {joint}: {reason}; choose another pose.")
        self.joint = joint


class DetectorMissing(InputError):
    """A pose photo needs a detector that is not installed."""

    code = "pose_detector_missing"

    def __init__(self, path: str) -> None:
        super().__init__(
            f"{path} is a photo and nothing here reads poses from photos; run `vmodel weights pull dwpose`, "
            "or give OpenPose JSON or a rendered pose map."
        )
        self.path = path


class UnknownView(InputError):
    """The view is not known."""

    code = "unknown_view"

    def __init__(self, view: str, known: Iterable[str]) -> None:
        super().__init__(f"Unknown view {view!r}; use one of: {_listing(known)}.")
        self.view = view


class UnknownFraming(InputError):
    """The framing is not known."""

    code = "unknown_framing"

    def __init__(self, framing: str, known: Iterable[str]) -> None:
        super().__init__(f"Unknown framing {framing!r}; use one of: {_listing(known)}.")
        self.framing = framing


class UnknownLight(InputError):
    """No light preset has this name."""

    code = "unknown_light"

    def __init__(self, light: str, known: Iterable[str]) -> None:
        super().__init__(f"Unknown light {light!r}; use one of: {_listing(known)}.")
        self.light = light


class UnknownBackground(InputError):
    """The background is neither a name, a colour nor a picture."""

    code = "unknown_background"

    def __init__(self, background: str, known: Iterable[str]) -> None:
        remedy = f"use {_listing(known)}, a colour like #d8d0c8, or a picture file"
        super().__init__(f"Unknown background {background!r}; {remedy}.")
        self.background = background


class SizeOutOfRange(InputError):
    """The picture size is not one the renderer makes."""

    code = "size_out_of_range"

    def __init__(self, size: str) -> None:
        super().__init__(f"Size {size!r} is out of range; give HEIGHTxWIDTH between 384x288 and 3072x3072.")
        self.size = size


class FocalOutOfRange(InputError):
    """The focal length is none that people are photographed with."""

    code = "focal_out_of_range"

    def __init__(self, focal_mm: object) -> None:
        super().__init__(f"The focal length {focal_mm!r} is out of range; give 20 to 300 millimetres, 85 is usual.")
        self.focal_mm = focal_mm


class BadUsage(InputError):
    """Flags are missing, malformed or contradict each other."""

    code = "usage"


class OutputNotWritable(InputError):
    """The output folder, or the state folder, cannot be written."""

    code = "output_not_writable"

    def __init__(self, folder: str, reason: str, remedy: str = "choose another folder with --out") -> None:
        super().__init__(f"Cannot write to {folder} ({reason}); {remedy}.")
        self.folder, self.reason = folder, reason


class SidecarInvalid(InputError):
    """A sidecar cannot be repeated."""

    code = "sidecar_invalid"

    def __init__(self, path: str, reason: str) -> None:
        super().__init__(f"The sidecar {path} {reason}; give the JSON file that lies beside a vmodel picture.")
        self.path = path


class OutfitInvalid(InputError):
    """An outfit file cannot be used."""

    code = "outfit_invalid"

    def __init__(self, path: str, reason: str) -> None:
        super().__init__(f"The outfit {path} {reason}; docs/cli.md shows what it holds.")
        self.path, self.reason = path, reason


class NotAllowedForChildren(InputError):
    """A child model may not wear this garment, or be shown this way."""

    code = "not_allowed_for_children"

    def __init__(self, reason: str) -> None:
        super().__init__(f"Child models wear everyday clothes only: {reason}; choose an adult model.")


class DrapeFailed(StageError):
    """The garment did not stay on the body."""

    code = "drape_failed"

    def __init__(self, reason: str) -> None:
        super().__init__(
            f"The garment could not be put on the model: {reason}; try another pose, or check `vmodel inspect`."
        )
        self.reason = reason


class ClothTornLoose(StageError):
    """Cloth moved further between two frames than cloth can."""

    code = "cloth_torn_loose"

    def __init__(self, jump_m: float) -> None:
        super().__init__(jump_m)
        self.jump_m = jump_m

    def __str__(self) -> str:
        return (
            f"The garment jumped {100 * self.jump_m:.0f} cm between two pictures of the clip; "
            "choose another --model or --motion turn."
        )


class WeightsMissing(SetupError):
    """A file of the weights folder is not there."""

    code = "weights_missing"

    def __init__(self, name: str, remedy: str = "reinstall vmodel or restore the weights folder") -> None:
        super().__init__(f"The weights {name!r} are missing; {remedy}.")
        self.name = name


class PackageMissing(SetupError):
    """A Python package that a command needs is not installed."""

    code = "package_missing"

    def __init__(self, package: str, extra: str | None = None, address: str | None = None) -> None:
        remedy = "reinstall vmodel, or install it with pip"
        if extra is not None or address is not None:
            remedy = f"run pip install '{address or f'vmodel[{extra}]'}'"
        super().__init__(f"The package {package!r} is missing; {remedy}.")
        self.package, self.extra = package, extra


class PipelineUnknown(SetupError):
    """No pipeline has this name."""

    code = "unknown_pipeline"

    def __init__(self, name: str, known: Iterable[str]) -> None:
        super().__init__(f"Unknown pipeline {name!r}; use one of: {_listing(known)}.")
        self.name = name


class TrainingPicturesMissing(SetupError):
    """There is nothing to train on."""

    code = "training_pictures_missing"

    def __init__(self, folder: str) -> None:
        super().__init__(
            f"There is nothing to train on at {folder}; "
            "render pictures with `python -m pipelines.training.pictures` or pass another folder."
        )
        self.folder = folder


class CheckpointMissing(SetupError):
    """Nothing was trained yet that could be exported, or not at this size."""

    code = "checkpoint_missing"

    def __init__(self, checkpoint: str, reason: str) -> None:
        super().__init__(f"The checkpoint {checkpoint} {reason}; train with `vmodel train`, or pass another --out.")
        self.checkpoint, self.reason = checkpoint, reason


class UnknownWeights(SetupError):
    """The catalogue of published weights has no such name."""

    code = "unknown_weights"

    def __init__(self, name: str, known: Iterable[str]) -> None:
        super().__init__(f"No published weights {name!r}; use one of: {_listing(known)}.")
        self.name = name


class WeightsNotPulled(SetupError):
    """Published weights are not on this machine."""

    code = "weights_not_pulled"

    def __init__(self, name: str) -> None:
        super().__init__(f"The weights of {name} are not on this machine; get them with `vmodel weights pull {name}`.")
        self.name = name


class WeightsIncomplete(SetupError):
    """A pull was not finished, or a file has gone since."""

    code = "weights_incomplete"

    def __init__(self, name: str, lacking: str) -> None:
        super().__init__(f"The weights of {name} are incomplete ({lacking}); run `vmodel weights pull {name}`.")
        self.name, self.lacking = name, lacking


class WeightsChanged(SetupError):
    """A file that was pulled has another hash than its source states."""

    code = "weights_changed"
    retryable = True

    def __init__(self, name: str, path: str) -> None:
        super().__init__(
            f"{path} of the weights {name} came with a wrong hash and was deleted; "
            f"run `vmodel weights pull {name}` again, from another VMODEL_WEIGHTS_SOURCE if it repeats."
        )
        self.name, self.path = name, path


class WeightsUnavailable(SetupError):
    """The source cannot be reached, or does not have what is wanted."""

    code = "weights_unavailable"
    retryable = True

    def __init__(
        self, name: str, reason: str, remedy: str = "retry, or set VMODEL_WEIGHTS_SOURCE to a mirror or a folder"
    ) -> None:
        super().__init__(f"{name} cannot be pulled ({reason}); {remedy}.")
        self.name, self.reason = name, reason


class LicenceNotAccepted(SetupError):
    """Nobody has agreed to the licence of these weights yet."""

    code = "licence_not_accepted"

    def __init__(self, name: str, licence: str, note: str, urls: Iterable[str]) -> None:
        super().__init__(
            f"The weights of {name} are under {licence}. {note} Read {' and '.join(urls)}, "
            f"then run `vmodel weights pull {name} --accept-licence`."
        )
        self.name, self.licence = name, licence


class DiskTooFull(SetupError):
    """The weights do not fit."""

    code = "disk_too_full"
    retryable = True

    def __init__(self, folder: str, needed_gb: float, free_gb: float) -> None:
        super().__init__(
            f"{folder} needs {needed_gb:.1f} GB and has {free_gb:.1f} GB free; free some or move VMODEL_HOME."
        )
        self.folder, self.needed_gb, self.free_gb = folder, needed_gb, free_gb


class CardTooSmall(SetupError):
    """Too little free memory on the graphics card for a pipeline, even with offloaded weights."""

    code = "card_too_small"
    retryable = True

    def __init__(self, name: str, needed_gb: float, free_gb: float, instead: str = "choose another --pipeline") -> None:
        super().__init__(
            f"{name} needs {needed_gb:g} GB of free memory on the graphics card and {free_gb:.1f} GB are free; "
            f"close what else uses the card, or {instead}."
        )
        self.name, self.needed_gb, self.free_gb = name, needed_gb, free_gb


class MemoryTooSmall(SetupError):
    """Too little main memory for weights that are not kept on a graphics card."""

    code = "memory_too_small"
    retryable = True

    def __init__(
        self, name: str, needed_gb: float, free_gb: float, beside_card: bool = False, instead: str = "--pipeline draft"
    ) -> None:
        where, machine = ("beside this", "a larger card") if beside_card else ("without a", "a card")
        super().__init__(
            f"{name} needs {needed_gb:.0f} GB of free memory {where} graphics card and {free_gb:.0f} GB are free; "
            f"use a machine with {machine}, or {instead}."
        )
        self.name, self.needed_gb, self.free_gb = name, needed_gb, free_gb


class CardMemoryExhausted(StageError):
    """Even a single picture ran out of the card's memory."""

    code = "card_memory_exhausted"

    def __init__(self, name: str) -> None:
        super().__init__(
            f"The graphics card ran out of memory while {name} made one picture; choose a smaller --size, close what "
            "else uses the card, or set VMODEL_HUB_OFFLOAD=group."
        )
        self.name = name
