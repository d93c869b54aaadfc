"""Camera, condition maps and the draft: a dressed body becomes pictures."""

from vmodel.scene.background import BACKGROUNDS, Background, read_background
from vmodel.scene.camera import FRAMINGS, VIEWS, frame_camera, project_points, steady_cameras, view_angle
from vmodel.scene.close_up import CloseUp, close_up, magnify, shrink
from vmodel.scene.draft import render_draft
from vmodel.scene.geometry import PART_NAMES
from vmodel.scene.lights import LIGHTS
from vmodel.scene.maps import render_conditions, save_maps
from vmodel.scene.scene import Scene
from vmodel.scene.traced import TracedLight, trace_light

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
