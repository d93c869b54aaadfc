"""Scene: one dressed person in one pose; the inputs of rendering are computed once and shared by all views."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field, replace
from functools import cached_property

import numpy as np

from vmodel.body.shoes.worn import WornShoes
from vmodel.scene.camera.gbuffer import GBuffer, trace_gbuffer
from vmodel.scene.geometry.scene_mesh import DressableBody, Geometry, Subject, build_geometry, make_subject
from vmodel.scene.shading.cloth_displacement import creased
from vmodel.scene.shading.cloth_shader import ClothShader
from vmodel.scene.shading.lights import LIGHTS, PlacedSetup
from vmodel.scene.shading.skin_shader import BodyShader
from vmodel.scene.shading.visibility import AMBIENT_RAYS, Ambient, Lighting, ShadowMap, gather_ambient, light_scene
from vmodel.types import Camera, Drape, FloatArray, Garment, PosedBody, SkinTextures, Strands

_KEPT_LIGHTINGS = 4


@dataclass(frozen=True, eq=False)
class Drawn:
    """Person without a backdrop, as ``render_draft`` draws one; do not write to the arrays.

    Attributes:
        camera, lighting: what it was drawn for.
        colour: (H, W, 3) linear light times coverage.
        cover: (H, W) coverage.
    """

    camera: Camera
    lighting: Lighting
    colour: FloatArray
    cover: FloatArray


@dataclass(frozen=True, eq=False)
class Scene:
    """One person in one pose, dressed or in the base layer.

    Keep the object while views or lights of the same drape are made: mesh refinement, ray tracers and the
    dome's light are computed on first use and kept.

    Attributes:
        posed: the body's mesh in its pose.
        body: texture layout, part labels and keypoints.
        skin: painted skin with its opaque base layer.
        hair: strands in the same pose, or None.
        drape: the garment in the same pose, or None.
        garment: its textures, or None without a drape.
        shoes: in the same pose, or None.
        ambient_rays: rays per vertex for the dome's light.
    """

    posed: PosedBody
    body: DressableBody
    skin: SkinTextures
    hair: Strands | None
    drape: Drape | None
    garment: Garment | None
    shoes: WornShoes | None = None
    ambient_rays: int = AMBIENT_RAYS
    _lightings: dict[tuple[str, float, int], Lighting] = field(default_factory=dict, repr=False)
    _views: list[GBuffer] = field(default_factory=list, repr=False)
    _close_up: list[Drawn] = field(default_factory=list, repr=False)

    @cached_property
    def subject(self) -> Subject:
        """Body, hair, garment and shoes."""
        return make_subject(self.body, self.posed, self.skin, self.hair, self.drape, self.garment, self.shoes)

    @cached_property
    def geometry(self) -> Geometry:
        """Refined mesh and its ray tracers."""
        return build_geometry(self.subject)

    def with_textures(self, garment: Garment) -> Scene:
        """Return the scene with other pictures on the same cloth; the refined mesh and all light on it are shared.

        Args:
            garment: differs from the scene's own only in its textures.
        """
        twin = replace(self, garment=garment, _close_up=[])
        subject = replace(self.geometry.subject, textures=garment.textures)
        vars(twin).update(
            geometry=replace(self.geometry, subject=subject), ambient=self.ambient, body_shader=self.body_shader
        )
        return twin

    @cached_property
    def creased(self) -> Scene:
        """Scene with real creases in its cloth, for traced light; the vertices' light is shared."""
        twin = replace(self)
        vars(twin).update(geometry=creased(self.geometry), ambient=self.ambient, body_shader=self.body_shader)
        return twin

    @cached_property
    def cloth_shader(self) -> ClothShader:
        """Shader of the garment in all pictures."""
        return ClothShader(self.geometry)

    @cached_property
    def body_shader(self) -> BodyShader:
        """Shader of the body in all pictures."""
        return BodyShader(self.geometry)

    @cached_property
    def ambient(self) -> Ambient:
        """Light of the dome on every vertex."""
        return gather_ambient(self.geometry, rays=self.ambient_rays)

    @cached_property
    def dark(self) -> Lighting:
        """No light at all, for maps that need none."""
        count = len(self.geometry.vertices_m)
        setup = PlacedSetup((), np.zeros(3), np.zeros((3, 3)), 0.0, np.array([0.0, 1.0, 0.0]))
        ambient = Ambient(np.ones((count, 2), np.float32), self.geometry.normals)
        return Lighting(setup, ambient, np.zeros((count, 0), np.float32), ShadowMap(np.ones((2, 2)), (0, 0), 1))

    def gbuffer_for(self, camera: Camera) -> GBuffer:
        """Return the G-buffer of a camera.

        The G-buffers of the latest picture and of its close-up are kept, so that maps and draft share them.
        """
        for view in list(self._views):
            if _same(view.camera, camera):
                return view
        from_there = [view for view in self._views[-1:] if np.array_equal(view.camera.position_m, camera.position_m)]
        seen = trace_gbuffer(self.geometry, camera)
        self._views[:] = [*from_there, seen]
        return seen

    def drawn_near(self, camera: Camera, lighting: Lighting) -> Drawn | None:
        """Return the last close-up if it is that of this camera in this light, otherwise None."""
        for kept in list(self._close_up):
            if kept.lighting is lighting and _same(kept.camera, camera):
                return kept
        return None

    def keep_near(self, close_up: Drawn) -> None:
        """Keep a close-up instead of the last: a pipeline that works on the head needs it again."""
        self._close_up[:] = [close_up]

    def precompute(self, light: str, camera: Camera, seed: int = 0) -> None:
        """Compute what drafts and traced light of one scene share; afterwards threads may render both in parallel."""
        _ = self.ambient
        with ThreadPoolExecutor(1) as beside:
            fine = beside.submit(lambda: self.creased.geometry.fine_occluders)
            self.lighting_for(light, camera, seed)
            fine.result()

    def lighting_for(self, light: str, camera: Camera, seed: int = 0) -> Lighting:
        """Return the studio light for a camera's direction; the last four are kept.

        Args:
            light: a name of ``LIGHTS``.
            camera: the lights turn with it.
            seed: of the ray patterns.
        """
        forward = camera.rotation[2]
        azimuth = round(float(np.degrees(np.arctan2(-forward[0], forward[1]))), 3)
        key = (light, azimuth, seed)
        if key not in self._lightings:
            while len(self._lightings) >= _KEPT_LIGHTINGS:
                self._lightings.pop(next(iter(self._lightings)))
            self._lightings[key] = light_scene(self.geometry, self.ambient, LIGHTS[light], azimuth, seed)
        return self._lightings[key]


def _same(first: Camera, second: Camera) -> bool:
    return (
        first.size == second.size
        and first.focal_px == second.focal_px
        and first.centre_px == second.centre_px
        and np.array_equal(first.position_m, second.position_m)
        and np.array_equal(first.rotation, second.rotation)
    )
