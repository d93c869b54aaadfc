"""Cycles materials of skin, eyes, cloth and hair; runs inside the Python that has ``bpy``."""

import math

import bpy

_MATTE = 0.65
"""Roughness from which gloss takes the fibres' colour, as in the draft."""


def _fresh(name):
    """Make a material with a Principled shader: (material, nodes, links, shader)."""
    material = bpy.data.materials.new(name)
    material.use_nodes = True
    tree = material.node_tree
    return material, tree.nodes, tree.links, tree.nodes["Principled BSDF"]


def _texture(nodes, links, image, coordinates=None):
    node = nodes.new("ShaderNodeTexImage")
    node.image = image
    node.interpolation = "Cubic" if coordinates is None else "Linear"
    if coordinates is not None:
        links.new(coordinates, node.inputs["Vector"])
    return node.outputs["Color"]


def _maths(nodes, links, operation, first, second):
    node = nodes.new("ShaderNodeMath")
    node.operation = operation
    for slot, value in enumerate((first, second)):
        if isinstance(value, float | int):
            node.inputs[slot].default_value = value
        else:
            links.new(value, node.inputs[slot])
    return node.outputs[0]


def _bump(nodes, links, height, distance_m, below=None):
    node = nodes.new("ShaderNodeBump")
    node.inputs["Strength"].default_value = 1.0
    node.inputs["Distance"].default_value = distance_m
    links.new(height, node.inputs["Height"])
    if below is not None:
        links.new(below, node.inputs["Normal"])
    return node.outputs["Normal"]


def plain_material(name, colour, roughness):
    """Make a material of one colour."""
    material, _, _, shader = _fresh(name)
    shader.inputs["Base Color"].default_value = (*colour, 1)
    shader.inputs["Roughness"].default_value = roughness
    return material


def skin_material(name, images):
    """Make painted skin with subsurface scattering, or moist eyes; pores and colour are those of the draft.

    Args:
        name: "skin" or "eyes".
        images: "albedo", "roughness", "height" (mm) and "scatter" (0..1) in the body's texture layout.
    """
    material, nodes, links, shader = _fresh(name)
    albedo = _texture(nodes, links, images["albedo"])
    if name == "eyes":
        links.new(albedo, shader.inputs["Base Color"])
        shader.inputs["Roughness"].default_value = 0.03
        shader.inputs["IOR"].default_value = 1.376
        shader.inputs["Coat Weight"].default_value = 0.6
        shader.inputs["Coat Roughness"].default_value = 0.01
        return material
    scatter = _texture(nodes, links, images["scatter"])
    roughness = _texture(nodes, links, images["roughness"])
    shader.subsurface_method = "BURLEY"
    links.new(_maths(nodes, links, "MULTIPLY", scatter, 0.85), shader.inputs["Subsurface Weight"])
    shader.inputs["Subsurface Radius"].default_value = (1.0, 0.36, 0.19)
    shader.inputs["Subsurface Scale"].default_value = 0.0032
    shader.inputs["IOR"].default_value = 1.4
    # Cloth of the base layer hardly shines.
    shine = _maths(nodes, links, "MULTIPLY_ADD", scatter, 0.47)
    shine.node.inputs[2].default_value = 0.08
    links.new(shine, shader.inputs["Specular IOR Level"])
    links.new(albedo, shader.inputs["Base Color"])
    links.new(roughness, shader.inputs["Roughness"])
    links.new(_bump(nodes, links, _texture(nodes, links, images["height"]), 0.0013), shader.inputs["Normal"])
    return material


def cloth_material(name, image, look):
    """Make a fabric with the garment's own picture as its texture.

    Args:
        name: of the material.
        image: the garment's picture, linear light.
        look: "roughness", "specular" (head-on reflectance), "sheen", "weave_mm" and "weave" (slope) of the draft's
            material.
    """
    material, nodes, links, shader = _fresh(name)
    colour = _texture(nodes, links, image)
    metres = nodes.new("ShaderNodeUVMap")
    metres.uv_map = "metres"
    links.new(_inside_paler(nodes, links, colour), shader.inputs["Base Color"])
    shader.inputs["Roughness"].default_value = look["roughness"]
    # Blender's level 0.5 stands for 4 % head-on.
    shader.inputs["Specular IOR Level"].default_value = min(look["specular"] / 0.08, 1.0)
    shader.inputs["Sheen Weight"].default_value = min(2.0 * look["sheen"], 0.3)
    shader.inputs["Sheen Roughness"].default_value = 0.4
    if look["roughness"] >= _MATTE:
        dye = _hue(nodes, links, colour)
        links.new(dye, shader.inputs["Specular Tint"])
        links.new(dye, shader.inputs["Sheen Tint"])
    threads = _threads(nodes, links, metres.outputs["UV"], look["weave_mm"] * 1e-3)
    links.new(_bump(nodes, links, threads, look["weave"]), shader.inputs["Normal"])
    return material


def _hue(nodes, links, colour):
    """Raise a colour to its largest value: gloss that passed through dyed fibres."""
    parts = nodes.new("ShaderNodeSeparateColor")
    parts.mode = "HSV"
    links.new(colour, parts.inputs[0])
    joined = nodes.new("ShaderNodeCombineColor")
    joined.mode = "HSV"
    links.new(parts.outputs[0], joined.inputs[0])
    links.new(parts.outputs[1], joined.inputs[1])
    joined.inputs[2].default_value = 1.0
    return joined.outputs[0]


def _threads(nodes, links, metres, spacing_m):
    """Return the height of a weave in metres at slope 1, with the same threads that the draft shades.

    For turns x and y of the threads and a slow wobble w, slopes of ``sin(x + w) cos(y / 2)`` along x, and the same
    along y, belong to heights of ``-cos(x + w) cos(y / 2)``, and the same across.
    """
    parts = nodes.new("ShaderNodeSeparateXYZ")
    links.new(metres, parts.inputs[0])
    turns = [_maths(nodes, links, "MULTIPLY", parts.outputs[axis], 2 * math.pi / spacing_m) for axis in (0, 1)]
    slow = [
        _maths(nodes, links, "SINE", _maths(nodes, links, "MULTIPLY", turns[1 - axis], share), 0.0)
        for axis, share in enumerate((0.21, 0.13))
    ]
    wobble = _maths(nodes, links, "MULTIPLY", _maths(nodes, links, "ADD", *slow), 0.4)
    waves = []
    for along, across in ((0, 1), (1, 0)):
        thread = _maths(nodes, links, "COSINE", _maths(nodes, links, "ADD", turns[along], wobble), 0.0)
        beat = _maths(nodes, links, "COSINE", _maths(nodes, links, "MULTIPLY", turns[across], 0.5), 0.0)
        waves.append(_maths(nodes, links, "MULTIPLY", thread, beat))
    return _maths(nodes, links, "MULTIPLY", _maths(nodes, links, "ADD", *waves), -spacing_m / (2 * math.pi))


def _inside_paler(nodes, links, colour):
    """Make the wrong side of a print paler and darker, as in the draft."""
    facing = nodes.new("ShaderNodeNewGeometry").outputs["Backfacing"]
    grey = nodes.new("ShaderNodeHueSaturation")
    grey.inputs["Saturation"].default_value = 0.7
    grey.inputs["Value"].default_value = 0.75
    links.new(colour, grey.inputs["Color"])
    mix = nodes.new("ShaderNodeMix")
    mix.data_type = "RGBA"
    links.new(facing, mix.inputs["Factor"])
    links.new(colour, mix.inputs["A"] if mix.inputs["A"].type == "RGBA" else mix.inputs[6])
    links.new(grey.outputs["Color"], mix.inputs[7])
    return mix.outputs[2]


def hair_material(name):
    """Make strands in their own colours; they need no translucency, because only their smoothed light is used."""
    material, nodes, links, shader = _fresh(name)
    tint = nodes.new("ShaderNodeAttribute")
    tint.attribute_name = "tint"
    links.new(tint.outputs["Color"], shader.inputs["Base Color"])
    shader.inputs["Roughness"].default_value = 0.45
    shader.inputs["Specular IOR Level"].default_value = 0.6
    return material
