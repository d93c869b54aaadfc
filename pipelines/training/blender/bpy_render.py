"""Photograph handed-over scenes with Cycles; runs inside the Python that has ``bpy``, never inside vmodel's.

Reads one JSON object a line from standard input: {"scene": FILE.npz, "out": FOLDER, "samples": [n ...], "seed": n}. It
renders each camera of the scene with its samples and writes FOLDER/NUMBER.npy, (H, W, 4) float16 premultiplied
linear light with coverage, then answers with one line that starts with ``@@``: {"done": n} or {"error": "..."}.
The scene file's arrays are listed in ``scene_export``.
"""

import json
import sys
import traceback
from pathlib import Path

import bpy
import numpy as np
from bpy_materials import cloth_material, hair_material, plain_material, skin_material
from mathutils import Matrix


def main() -> None:
    """Answer jobs until standard input ends."""
    for line in sys.stdin:
        job = json.loads(line)
        try:
            answer = {"done": render_scene(job)}
        except Exception:  # the client decides what a failed scene means
            answer = {"error": traceback.format_exc()}
        print("@@ " + json.dumps(answer), flush=True)


def render_scene(job) -> int:
    """Build the scene once and photograph it with each of its cameras."""
    given = np.load(job["scene"])
    bpy.ops.wm.read_factory_settings(use_empty=True)
    scene = bpy.context.scene
    set_up_cycles(scene, job["seed"])
    add_body(scene, given)
    add_cloth(scene, given)
    if len(given["stool_triangles"]):
        stool = add_mesh(scene, "stool", given["stool_vertices"], given["stool_triangles"], None)
        stool.data.materials.append(plain_material("stool", (0.5, 0.5, 0.5), 0.6))
    for kind in ("head", "face"):
        add_hair(scene, given, kind)
    light(scene, given)
    for number, samples in enumerate(job["samples"]):
        scene.cycles.samples = samples
        pose_camera(scene, given, number)
        photograph(scene, Path(job["out"]) / f"{number}")
    return len(job["samples"])


def set_up_cycles(scene, seed) -> None:
    """Set Cycles to few samples, denoised with albedo and normals as guides; no tone mapping."""
    scene.render.engine = "CYCLES"
    cycles = scene.cycles
    cycles.device = "CPU"
    cycles.use_adaptive_sampling = False
    cycles.seed = seed
    cycles.use_denoising = True
    cycles.denoiser = "OPENIMAGEDENOISE"
    cycles.denoising_input_passes = "RGB_ALBEDO_NORMAL"
    cycles.denoising_prefilter = "ACCURATE"
    cycles.max_bounces = 3
    cycles.caustics_reflective = False
    cycles.sample_clamp_indirect = 4.0
    cycles.filter_width = 1.3
    scene.render.use_persistent_data = True
    scene.render.threads_mode = "FIXED"
    scene.render.threads = 2
    scene.render.film_transparent = True
    scene.render.image_settings.file_format = "OPEN_EXR"
    scene.render.image_settings.color_mode = "RGBA"
    scene.render.image_settings.color_depth = "32"


def add_mesh(scene, name, vertices, triangles, corner_uv):
    """Add a smooth triangle mesh; ``corner_uv`` is (T, 3, 2) with v up, or None."""
    mesh = bpy.data.meshes.new(name)
    mesh.vertices.add(len(vertices))
    mesh.vertices.foreach_set("co", np.ascontiguousarray(vertices, np.float32).ravel())
    mesh.loops.add(3 * len(triangles))
    mesh.loops.foreach_set("vertex_index", np.ascontiguousarray(triangles, np.int32).ravel())
    mesh.polygons.add(len(triangles))
    mesh.polygons.foreach_set("loop_start", np.arange(0, 3 * len(triangles), 3, dtype=np.int32))
    if corner_uv is not None:
        layer = mesh.uv_layers.new(name="UVMap")
        layer.data.foreach_set("uv", np.ascontiguousarray(corner_uv, np.float32).ravel())
    mesh.update(calc_edges=True)
    mesh.validate()
    mesh.shade_smooth()
    thing = bpy.data.objects.new(name, mesh)
    scene.collection.objects.link(thing)
    return thing


def picture(name, pixels):
    """Make an image that textures can read, unchanged, from (H, W) or (H, W, 3) linear light."""
    height, width = pixels.shape[:2]
    image = bpy.data.images.new(name, width, height, float_buffer=True, is_data=True)
    image.colorspace_settings.name = "Non-Color"
    full = np.ones((height, width, 4), np.float32)
    full[..., :3] = pixels[::-1] if pixels.ndim == 3 else pixels[::-1, :, None]
    image.pixels.foreach_set(full.ravel())
    image.pack()
    return image


def add_body(scene, given) -> None:
    """Add skin and eyes as two objects, so that eyes stay free of scattering and relief."""
    images = {name: picture(name, given[f"skin_{name}"]) for name in ("albedo", "roughness", "height", "scatter")}
    for name in ("skin", "eyes"):
        chosen = given["body_is_eye"] == (name == "eyes")
        triangles = given["body_triangles"][chosen]
        if not len(triangles):
            continue
        used, local = np.unique(triangles, return_inverse=True)
        body = add_mesh(scene, name, given["body_vertices"][used], local.reshape(-1, 3), given["body_uv"][chosen])
        body.data.materials.append(skin_material(name, images))


def add_cloth(scene, given) -> None:
    """Add the garment, with one material for each of its textures."""
    triangles = given["cloth_triangles"]
    cloth = add_mesh(scene, "cloth", given["cloth_vertices"], triangles, given["cloth_uv"])
    metres = cloth.data.uv_layers.new(name="metres")
    metres.data.foreach_set("uv", np.ascontiguousarray(given["cloth_metres"], np.float32).ravel())
    look = dict(zip(("roughness", "specular", "sheen", "weave_mm", "weave"), given["fabric"].tolist(), strict=True))
    for number in range(int(given["texture_count"])):
        image = picture(f"garment{number}", given[f"texture{number}"])
        cloth.data.materials.append(cloth_material(f"garment{number}", image, look))
    cloth.data.polygons.foreach_set("material_index", given["cloth_texture"].astype(np.int32))


def add_hair(scene, given, kind) -> None:
    """Add ribbons of hair with a colour per vertex."""
    triangles = given[f"{kind}_triangles"]
    if not len(triangles):
        return
    hair = add_mesh(scene, kind, given[f"{kind}_vertices"], triangles, None)
    colour = given[f"{kind}_colour"]
    tint = hair.data.color_attributes.new("tint", "FLOAT_COLOR", "POINT")
    tint.data.foreach_set(
        "color", np.concatenate([colour, np.ones((len(colour), 1))], axis=1).astype(np.float32).ravel()
    )
    hair.data.materials.append(hair_material(kind))
    hair.visible_camera = False  # its strands are drawn afterwards; here they only cast shadows


def light(scene, given) -> None:
    """Add disc lights with the irradiance of the draft's soft boxes, and a graded dome."""
    aim = given["aim_m"]
    for number, (position, radius, strength, distance) in enumerate(
        zip(
            given["light_position"],
            given["light_radius"],
            given["light_irradiance"],
            given["light_distance"],
            strict=True,
        )
    ):
        lamp = bpy.data.lights.new(f"box{number}", "AREA")
        lamp.shape = "DISK"
        lamp.size = 2 * float(radius)
        peak = float(strength.max())
        # A disc of power P gives P / (pi d^2); white reflects that over pi, and the draft calls it 1.
        lamp.energy = np.pi**2 * float(distance) ** 2 * peak
        lamp.color = (strength / max(peak, 1e-6)).tolist()
        thing = bpy.data.objects.new(lamp.name, lamp)
        thing.matrix_world = looking(position, aim)
        scene.collection.objects.link(thing)
    world = bpy.data.worlds.new("dome")
    scene.world = world
    world.use_nodes = True
    nodes, links = world.node_tree.nodes, world.node_tree.links
    direction = nodes.new("ShaderNodeTexCoord").outputs["Generated"]
    mixed = nodes.new("ShaderNodeCombineColor")
    for channel, name in enumerate(("Red", "Green", "Blue")):
        product = nodes.new("ShaderNodeVectorMath")
        product.operation = "DOT_PRODUCT"
        # A dome a + b.w lights a surface of normal n with a + 2/3 b.n.
        product.inputs[1].default_value = (1.5 * given["dome_gradient"][channel]).tolist()
        links.new(direction, product.inputs[0])
        total = nodes.new("ShaderNodeMath")
        total.operation = "ADD"
        total.use_clamp = True
        total.inputs[1].default_value = float(given["dome"][channel])
        links.new(product.outputs["Value"], total.inputs[0])
        links.new(total.outputs[0], mixed.inputs[name])
    links.new(mixed.outputs[0], nodes["Background"].inputs["Color"])


def looking(position, target):
    """Return the world matrix of a light at a point that faces another."""
    back = np.asarray(position, float) - target
    back /= np.linalg.norm(back)
    right = np.cross([0.0, 0.0, 1.0], back)
    right /= max(np.linalg.norm(right), 1e-9)
    matrix = np.eye(4)
    matrix[:3, 0], matrix[:3, 1], matrix[:3, 2], matrix[:3, 3] = right, np.cross(back, right), back, position
    return Matrix(matrix.tolist())


def pose_camera(scene, given, number) -> None:
    """Add the pinhole camera of the draft, with the aperture of a portrait lens."""
    height, width = (int(n) for n in given["size"])
    focal = float(given["camera_focal_px"][number])
    centre = given["camera_centre_px"][number]
    data = bpy.data.cameras.new(f"camera{number}")
    data.sensor_fit = "VERTICAL"
    data.sensor_height = 36.0
    data.sensor_width = 36.0 * width / height
    data.lens = focal * 36.0 / height
    data.shift_x = (width / 2 - float(centre[0])) / height
    data.shift_y = (float(centre[1]) - height / 2) / height
    data.clip_start, data.clip_end = 0.05, 100
    data.dof.use_dof = True
    data.dof.focus_distance = float(given["camera_focus_m"][number])
    data.dof.aperture_fstop = float(given["camera_f_stop"][number])
    rotation = given["camera_rotation"][number]
    matrix = np.eye(4)
    matrix[:3, 0], matrix[:3, 1], matrix[:3, 2] = rotation[0], -rotation[1], -rotation[2]
    matrix[:3, 3] = given["camera_position"][number]
    thing = bpy.data.objects.new(data.name, data)
    thing.matrix_world = Matrix(matrix.tolist())
    scene.collection.objects.link(thing)
    scene.camera = thing
    scene.render.resolution_x, scene.render.resolution_y = width, height
    scene.render.resolution_percentage = 100


def photograph(scene, stem) -> None:
    """Render to STEM.npy by way of an EXR file, which is the only way to unclipped pixels."""
    exr = stem.with_suffix(".exr")
    scene.render.filepath = str(exr)
    bpy.ops.render.render(write_still=True)
    image = bpy.data.images.load(str(exr))
    width, height = image.size
    pixels = np.empty(width * height * 4, np.float32)
    image.pixels.foreach_get(pixels)
    bpy.data.images.remove(image)
    exr.unlink()
    result = pixels.reshape(height, width, 4)[::-1]
    np.save(stem.with_suffix(".npy"), np.clip(result, 0, 60000).astype(np.float16))


if __name__ == "__main__":
    main()
