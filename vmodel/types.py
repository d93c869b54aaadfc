"""Data types that the stages exchange.

Conventions, everywhere in vmodel:

* World space is metres, right-handed: +x is the wearer's left, the body faces -y, +z is up.
  A camera in front of the body therefore sees +x on the picture's right.
* Panel space is centimetres: x as in the photo (to the right, hence the wearer's left), y up.
* Picture points are (x, y) pixels, y down, pixel centres at half-integers; sizes are (height, width).
* "left" and "right" in names are the wearer's.
* Colours are sRGB uint8 in pictures and linear-light float32 in shading.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any, TypeAlias

import numpy as np
from numpy.typing import NDArray

FloatArray: TypeAlias = NDArray[np.floating[Any]]
IntArray: TypeAlias = NDArray[np.integer[Any]]
ByteArray: TypeAlias = NDArray[np.uint8]
BoolArray: TypeAlias = NDArray[np.bool_]


# ---------------------------------------------------------------- garment


class Category(StrEnum):
    """Kinds of garment that have a pattern rule of their own."""

    TOP = "top"
    DRESS = "dress"
    TROUSERS = "trousers"
    SHORTS = "shorts"
    SKIRT = "skirt"
    JUMPSUIT = "jumpsuit"
    OUTERWEAR = "outerwear"
    SWIMWEAR = "swimwear"

    @property
    def covers_upper(self) -> bool:
        """Garment hangs from the shoulders."""
        return self in {Category.TOP, Category.DRESS, Category.JUMPSUIT, Category.OUTERWEAR, Category.SWIMWEAR}

    @property
    def covers_lower(self) -> bool:
        """Garment needs nothing else on the hips."""
        return self not in {Category.TOP, Category.OUTERWEAR}

    @property
    def has_legs(self) -> bool:
        """Garment divides at a crotch."""
        return self in {Category.TROUSERS, Category.SHORTS, Category.JUMPSUIT, Category.SWIMWEAR}


class Sleeve(StrEnum):
    """Sleeve length, as printed on a garment's label."""

    NONE = "none"
    STRAP = "strap"
    SHORT = "short"
    THREE_QUARTER = "three-quarter"
    LONG = "long"


class Length(StrEnum):
    """Reach of the garment: hips for tops, legs for the rest."""

    CROPPED = "cropped"
    HIP = "hip"
    TUNIC = "tunic"
    MINI = "mini"
    KNEE = "knee"
    MIDI = "midi"
    ANKLE = "ankle"


class Neckline(StrEnum):
    """Shape of the neck opening."""

    CREW = "crew"
    V = "v"
    SCOOP = "scoop"
    BOAT = "boat"
    SQUARE = "square"
    SWEETHEART = "sweetheart"
    COLLAR = "collar"
    HIGH = "high"
    HOOD = "hood"
    HALTER = "halter"
    OFF_SHOULDER = "off-shoulder"
    ASYMMETRIC = "asymmetric"
    STRAPLESS = "strapless"
    NONE = "none"


@dataclass(frozen=True)
class FlatLay:
    """Photo of one garment, decoded, upright and in sRGB.

    Attributes:
        name, sha256: file name without folder, for messages and sidecars, and hex digest of the file as uploaded.
        rgb: (H, W, 3) uint8 sRGB.
        alpha: (H, W) float32 in 0..1 if the file carried a cut-out of its own, otherwise None.
    """

    name: str
    sha256: str
    rgb: ByteArray
    alpha: FloatArray | None = None


@dataclass(frozen=True)
class Cutout:
    """Pixels of a flat-lay that show the garment.

    Attributes:
        matte: (H, W) float32 in 0..1, soft at edges; holes between straps are 0.
        source: "alpha", "mask", "network" or the name of the matting plug-in.
        confidence: 0..1; below 0.5 the caller warns.
        warnings: for the seller, about the rest of the photo.
    """

    matte: FloatArray
    source: str
    confidence: float
    warnings: tuple[str, ...] = ()

    @property
    def mask(self) -> BoolArray:
        """(H, W) bool: the matte at one half."""
        return np.asarray(self.matte >= 0.5)


@dataclass(frozen=True)
class GarmentKind:
    """Kind and shape of a garment; each attribute is a guess unless the seller stated it.

    Attributes:
        category, sleeve, neckline, length: its shape; confidence: of the category, 0..1.
        open_front: its front is parted, in a photo or as it is worn; stated: the seller said what it is.
        laid: how it was photographed: "flat", "hanger", "form" (an invisible body), "held" or "worn".
        intimate: probability that the photo shows swimwear or underwear, whatever category it counts as.
        bib: a bib on straps is its front above the waist; it is worn over a top.
        cloth, made_for: looks of cloth, see ``light_left``, and genders of wearers, with their probabilities; or empty.
    """

    category: Category
    confidence: float
    sleeve: Sleeve = Sleeve.NONE
    neckline: Neckline = Neckline.NONE
    length: Length = Length.HIP
    open_front: bool = False
    stated: bool = False
    laid: str = "flat"
    intimate: float = 0.0
    bib: bool = False
    cloth: tuple[tuple[str, float], ...] = ()
    made_for: tuple[tuple[str, float], ...] = ()

    @property
    def bares_a_shoulder(self) -> bool:
        """Upper edge is no ordinary neckline: a shoulder, both, or the back is bare."""
        return self.neckline in {Neckline.HALTER, Neckline.ASYMMETRIC} or not self.hangs_from_shoulders

    @property
    def hangs_from_shoulders(self) -> bool:
        """Upper edge reaches a shoulder; false for strapless and off-shoulder necklines."""
        return self.neckline not in {Neckline.STRAPLESS, Neckline.OFF_SHOULDER}


@dataclass(frozen=True)
class Landmarks:
    """Named points of the garment in photo pixels.

    Of garments that hang from the shoulders: neck_left, neck_right (where collar meets shoulder), neck_front,
    neck_back (lowest points of both necklines), shoulder_left/right (at the armhole), cuff_outer_left/right,
    cuff_inner_left/right (ends of the cuff; of the armhole when sleeveless), armpit_left/right,
    waist_left/right (narrowest), hem_left/right.
    Of garments that hang from the waist: waist_left/right, waist_front (lowest point of the front waist edge where
    the inside of the back shows above it), hip_left/right, crotch, leg_outer_left/right, leg_inner_left/right (ends
    of the leg openings); skirts have hem_left/right.

    Attributes:
        points_px: name -> (2,) float64 (x, y).
        confidence: name -> 0..1.
    """

    points_px: Mapping[str, FloatArray]
    confidence: Mapping[str, float]


@dataclass(frozen=True, eq=False)
class GarmentPhoto:
    """Garment as its photo shows it, to which a pattern is fitted and from which it takes its texture.

    Attributes:
        rgb: (H, W, 3) uint8 sRGB, the cloth's colours bled past its outline.
        mask, printed: (H, W) bool, the garment and, unless it is None, what the reader takes for a print.
        points: landmark -> (2,) float64 pixels (x, y).
        kind, is_drawn: what it is, and whether it is a technical flat, on which no light falls.
        opening: (2, n, 2) pixels from neck to hem, edges of the left and right half of a front; None for a closed one.
        neck_edge: (n, 2) pixels along the front's neck from left to right; None where it was not looked for.
        collar: (H, W) bool, outer faces of a collar that lies on the front; None where none was found.
        bands: "hem" or "cuff" -> height of the rib there as a share of the distance between the armpits.
        lying, beside: "left" or "right" -> (H, W) bool, all that is seen of a long sleeve on the front, or beside it.
    """

    rgb: ByteArray
    mask: BoolArray
    points: Mapping[str, FloatArray]
    kind: GarmentKind
    is_drawn: bool = False
    opening: FloatArray | None = None
    neck_edge: FloatArray | None = None
    collar: BoolArray | None = None
    bands: Mapping[str, float] = field(default_factory=dict)
    lying: Mapping[str, BoolArray] = field(default_factory=dict)
    beside: Mapping[str, BoolArray] = field(default_factory=dict)
    printed: BoolArray | None = None

    def middle(self, name: str) -> FloatArray:
        """Return the (2,) point halfway between a landmark of the left and its twin on the right."""
        return np.asarray((self.points[f"{name}_left"] + self.points[f"{name}_right"]) / 2)

    def half(self, name: str) -> float:
        """Return half the distance in pixels between a landmark of the left and its twin."""
        return float(np.linalg.norm(self.points[f"{name}_left"] - self.points[f"{name}_right"]) / 2)

    def distance(self, first: str, second: str) -> float:
        """Return the distance in pixels between two landmarks of one side, the mean of both sides."""
        ways = [self.points[f"{first}_{side}"] - self.points[f"{second}_{side}"] for side in ("left", "right")]
        return float(np.linalg.norm(ways, axis=1).mean())

    def has(self, *names: str) -> bool:
        """Check that both sides of all named landmarks are known."""
        return all(f"{name}_{side}" in self.points for name in names for side in ("left", "right"))


@dataclass(frozen=True)
class Panel:
    """One flat piece of cloth; its boundary is a loop of named edges.

    Attributes:
        name: "front", "back", or the designer's name of the piece.
        side: "front" or "back": where it is placed before it is sewn.
        edges: edge name -> (n, 2) float64 points in cm, counter-clockwise round the panel (y up); each ends where the
            next begins. Conventional names: neck, shoulder_left, sleeve_top_left, cuff_left, sleeve_under_left, hem,
            side_left, waist, leg_left, inseam_left, front_opening_left, strap_left ... and the same for right.
        holes: (n, 2) float64 loops in cm, clockwise, cut out of the panel; always open.
        texture: index into ``Garment.textures``.
        panel_to_texture: (2, 3) float64 affine: panel cm -> texture (x, y) pixels.
        elastic: edge name -> share of its cut length that the edge relaxes to, 0..1.
        bands: edge name -> height in cm of a strip along it, a rib, and that share of the whole strip.
        laid: of a pattern's piece, (n, 2) points in cm and their places in the finished garment seen from the front.
    """

    name: str
    side: str
    edges: Mapping[str, FloatArray]
    panel_to_texture: FloatArray
    holes: tuple[FloatArray, ...] = ()
    texture: int = 0
    elastic: Mapping[str, float] = field(default_factory=dict)
    bands: Mapping[str, tuple[float, float]] = field(default_factory=dict)
    laid: tuple[FloatArray, FloatArray] | None = None

    @property
    def outline_cm(self) -> FloatArray:
        """(n, 2) float64: the whole boundary, each corner once."""
        return np.concatenate([np.asarray(points)[:-1] for points in self.edges.values()])


@dataclass(frozen=True)
class Seam:
    """Two edges sewn together, point by point along their length.

    Attributes:
        first, second: (panel name, edge name).
        reverse: True if the second edge runs against the first; front and back keep the photo's x, so theirs run alike.
    """

    first: tuple[str, str]
    second: tuple[str, str]
    reverse: bool = False


@dataclass(frozen=True)
class Garment:
    """Garment ready to be sewn: panels in centimetres with their photo pixels.

    Attributes:
        kind: category and sub-kinds.
        panels, seams: the pattern; every edge without a seam is an opening.
        textures: (H, W, 3) uint8 sRGB, colours bled past the outline: front, back, and a collar that the photo shows.
        landmarks_cm: the landmarks in the panel space, name -> (2,) float64.
        cm_per_px: photo scale, or 0 while unknown (panels are then in photo pixels).
        scale_source: "guessed", "width", "length", "size chart", "design" or "pattern".
        sleeve_angle_deg: angle of the sleeves below the horizontal in the photo, 0..90.
        material: name in drape/cloth/materials.yaml.
        texture_materials: material of each texture where pieces differ, otherwise empty.
        collar_cm, collar_px, collar_texture: see ``Leaf`` in garment/pattern; which of the textures it shows.
        photo, back_photo: what the pattern was fitted to, for a fit to another body; None for designs and patterns.
    """

    kind: GarmentKind
    panels: tuple[Panel, ...]
    seams: tuple[Seam, ...]
    textures: tuple[ByteArray, ...]
    landmarks_cm: Mapping[str, FloatArray]
    cm_per_px: float = 0.0
    scale_source: str = "guessed"
    sleeve_angle_deg: float = 45.0
    material: str = "jersey"
    warnings: tuple[str, ...] = ()
    texture_materials: tuple[str, ...] = ()
    collar_cm: FloatArray = field(default_factory=lambda: np.zeros((0, 2)))
    collar_px: FloatArray = field(default_factory=lambda: np.zeros((2, 0, 2, 2)))
    collar_texture: int = 0
    photo: GarmentPhoto | None = None
    back_photo: GarmentPhoto | None = None


@dataclass(frozen=True)
class FitReport:
    """Ease of the garment on one body, in cm (garment girth minus body girth); None where unknown."""

    verdict: str
    ease_chest_cm: float | None
    ease_waist_cm: float | None
    ease_hip_cm: float | None
    length_cm: float
    scale_source: str


# ---------------------------------------------------------------- body


@dataclass(frozen=True)
class BodyMeasurements:
    """Tailor's measurements of a body at rest, in cm (heights are above the floor)."""

    height: float
    chest: float
    waist: float
    hip: float
    neck: float
    shoulder_width: float
    arm_length: float
    inseam: float
    chest_height: float
    waist_height: float
    hip_height: float
    neck_height: float


@dataclass(frozen=True)
class Hair:
    """Hair style of the roster; colour is linear-light."""

    style: str
    colour: tuple[float, float, float]
    length_cm: float = 0.0
    grey: float = 0.0


@dataclass(frozen=True)
class VirtualModel:
    """Invented person of the roster.

    Attributes:
        id: stable, e.g. "wm-ines"; never reused.
        gender: "woman", "man", "girl" or "boy".
        age: years.
        size: label "XS".."4XL", or the child's size in cm ("110").
        height_cm: standing height.
        phenotype, local_changes: arguments of the ``anny`` body.
        skin_tone: linear-light albedo; undertone and freckles are in ``look``.
        look: further numbers and colours of the face, name -> value.
        seed: drives pores, brows and strands so that the person stays the same.
        expression: facial action of ``anny`` -> 0..1 of the face at rest; a pose adds its own.
    """

    id: str
    name: str
    gender: str
    age: float
    size: str
    height_cm: float
    phenotype: Mapping[str, float]
    local_changes: Mapping[str, float]
    skin_tone: tuple[float, float, float]
    look: Mapping[str, Any]
    hair: Hair
    seed: int
    expression: Mapping[str, float] = field(default_factory=dict)

    @property
    def is_child(self) -> bool:
        """Age under 18, to which the rules for child models apply."""
        return self.age < 18


@dataclass(frozen=True)
class Pose:
    """Joint rotations relative to the body's rest pose.

    Attributes:
        name: of the library, or the file it came from.
        rotations: bone name -> (3,) rotation vector in radians, in the rest orientation of the body.
        seated: True if the body needs a stool.
        expression, mood: facial action -> 0..1; name of an expression, or empty for one that suits the model.
    """

    name: str
    rotations: Mapping[str, FloatArray]
    seated: bool = False
    expression: Mapping[str, float] = field(default_factory=dict)
    mood: str = ""


@dataclass(frozen=True)
class PosedBody:
    """Body mesh in one pose, standing on the floor z = 0.

    Attributes:
        vertices_m: (V, 3) float32; V and the faces are the same for every body and pose.
        faces: (F, 3) int32 triangles, counter-clockwise seen from outside.
        joints_m: bone name -> (3,) float32 position of the bone's head.
        bone_poses: (B, 4, 4) float32, for things attached to a bone (hair on the head).
    """

    vertices_m: FloatArray
    faces: IntArray
    joints_m: Mapping[str, FloatArray]
    bone_poses: FloatArray
    pose: Pose


class BodyPart(StrEnum):
    """Labels of body faces, also used in the part segmentation map."""

    SKIN = "skin"
    FACE = "face"
    LIPS = "lips"
    EYE = "eye"
    MOUTH = "mouth"
    HAND = "hand"
    FOOT = "foot"


@dataclass(frozen=True)
class SkinTextures:
    """Painted surface of a body, in its UV layout; the base layer is always part of it.

    Attributes:
        albedo: (S, S, 3) float32 linear-light.
        roughness: (S, S) float32 in 0..1; low on lips and eyes.
        height_mm: (S, S) float32 relief finer than the mesh: pores, lip creases, knit of the base layer.
        scatter: (S, S) float32 in 0..1; how much light bleeds under the surface (0 on cloth and eyes).
        base_layer: (S, S) float32 in 0..1; where the base layer covers the skin.
    """

    albedo: FloatArray
    roughness: FloatArray
    height_mm: FloatArray
    scatter: FloatArray
    base_layer: FloatArray


@dataclass(frozen=True)
class Strands:
    """Hair, brows and lashes as polylines in world space.

    Attributes:
        points_m: (N, K, 3) float32, root first.
        radius_m: (N, K) float32; tapers to the tip.
        colour: (N, 3) float32 linear-light.
        kind: (N,) uint8: 0 head hair, 1 brow, 2 lash, 3 facial hair.
    """

    points_m: FloatArray
    radius_m: FloatArray
    colour: FloatArray
    kind: ByteArray


# ---------------------------------------------------------------- drape


@dataclass(frozen=True)
class DrapeReport:
    """Result of the solver; see ``vmodel.drape`` for the limits that make it a failure.

    Attributes:
        inside_share: share of vertices inside the body.
        stretch_median, stretch_p99: length of the cloth's edges over their rest length, outside elastic parts.
        let_out_p99: rest length over that in the cut; above 1 where the cut was widened to go round the body.
        worn: shoulders or waist still lie on the body.
        seconds: wall time of the attempt that succeeded.
    """

    inside_share: float
    widest_seam_gap_mm: float
    stretch_median: float
    stretch_p99: float
    let_out_p99: float
    worn: bool
    vertices: int
    attempts: int
    seconds: float


@dataclass(frozen=True)
class Drape:
    """Garment on a body, in the body's pose.

    Attributes:
        vertices_m: (N, 3) float32.
        triangles: (T, 3) int32, counter-clockwise seen from outside the body.
        texture_px: (T, 3, 2) float32: per triangle corner, (x, y) pixels of its texture.
        texture: (T,) uint8 index into ``Garment.textures``.
        panel: (T,) uint8 index into ``Garment.panels``.
        rest_edges: (E, 2) int32 and rest_lengths_m (E,) float32, for strain and wrinkles.
        open_edges: (O, 2) int32 vertex pairs on openings (hems, cuffs, neck), for visible thickness.
        material: name in drape/cloth/materials.yaml.
        texture_materials: of each texture, where several garments are joined; otherwise empty (all are ``material``).
        warnings: for the seller; never an excuse for a failed drape.
    """

    vertices_m: FloatArray
    triangles: IntArray
    texture_px: FloatArray
    texture: ByteArray
    panel: ByteArray
    rest_edges: IntArray
    rest_lengths_m: FloatArray
    open_edges: IntArray
    material: str
    report: DrapeReport
    texture_materials: tuple[str, ...] = ()
    warnings: tuple[str, ...] = ()


# ---------------------------------------------------------------- scene


@dataclass(frozen=True)
class Camera:
    """Pinhole camera without distortion.

    Attributes:
        position_m: (3,) float64 world.
        rotation: (3, 3) float64; rows are the camera's right, down and forward in world space.
        focal_px: focal length in pixels (square pixels).
        centre_px: (x, y) principal point in pixels.
        size: (height, width).
    """

    position_m: FloatArray
    rotation: FloatArray
    focal_px: float
    centre_px: tuple[float, float]
    size: tuple[int, int]


@dataclass(frozen=True)
class ConditionMaps:
    """Description of the picture for every pipeline; all (H, W) in the picture's size.

    Attributes:
        pose_map: (H, W, 3) uint8 limbs in OpenPose colours on black.
        keypoints_px: (18, 3) float32 COCO-18 (x, y, visible 0/1).
        normals: (H, W, 3) float32 camera space (right, down, forward); 0 on the background.
        depth_m: (H, W) float32, 0 on the background.
        parts: (H, W) uint8 index into ``PART_NAMES`` of vmodel.scene.
        garment_mask: (H, W) float32 coverage 0..1.
        person_mask: (H, W) float32 coverage 0..1 of body, hair and garment.
        hair_mask: (H, W) float32 coverage 0..1.
        warp_px: (H, W, 2) float32 (x, y) texture pixel under the picture's pixel; NaN off the garment.
        warp_texture: (H, W) uint8 texture index, 255 off the garment.
        albedo: (H, W, 3) float32 linear-light unlit colour, background 0.
    """

    pose_map: ByteArray
    keypoints_px: FloatArray
    normals: FloatArray
    depth_m: FloatArray
    parts: ByteArray
    garment_mask: FloatArray
    person_mask: FloatArray
    hair_mask: FloatArray
    warp_px: FloatArray
    warp_texture: ByteArray
    albedo: FloatArray
