"""Camera, condition maps and the draft: a dressed body becomes pictures."""

from vmodel.scene.camera.close_up import CloseUp, close_up, magnify, shrink
from vmodel.scene.camera.framing import FRAMINGS, VIEWS, frame_camera, project_points, steady_cameras, view_angle
from vmodel.scene.geometry.scene_mesh import PART_NAMES
from vmodel.scene.render.background import BACKGROUNDS, Background, read_background
from vmodel.scene.render.condition_maps import render_conditions, save_maps
from vmodel.scene.render.draft import render_draft
from vmodel.scene.render.raytraced_light import TracedLight, trace_light
from vmodel.scene.render.scene import Scene
from vmodel.scene.shading.lights import LIGHTS

__all__ = [
    "BACKGROUNDS",
    "FRAMINGS",
    "LIGHTS",
    "PART_NAMES",
    "VIEWS",
    "Background",
    "CloseUp",
    "Scene",
    "TracedLight",
    "close_up",
    "frame_camera",
    "magnify",
    "project_points",
    "read_background",
    "render_conditions",
    "render_draft",
    "save_maps",
    "shrink",
    "steady_cameras",
    "trace_light",
    "view_angle",
]
