"""The solver's inner loops, compiled by warp for CPU and CUDA alike.

Extended position-based dynamics with small steps (Macklin et al. 2016, 2019): every link pulls its two particles
towards its rest length; its softness is compliance / (step² · inverse mass).
"""
# ruff: noqa: UP018, SIM102
# mypy: disable-error-code="no-untyped-def,valid-type,name-defined,no-untyped-call,untyped-decorator,operator"

from __future__ import annotations

import warp as wp

FLOOR_M = wp.constant(0.003)
"""Lowest height of a particle: the floor lies at 0."""
CRUSHED = wp.constant(5.0)
"""Softness of cloth that is squeezed along itself: it gives way in wrinkles finer than the mesh, which would bulge."""
UNREACHED = wp.constant(100.0)
"""Multiple of the rest length that no link reaches: larger limits mean no limit."""
HARDLY_M = wp.constant(0.001)
"""Motion below which a found contact still holds: a tenth of the most that a particle moves between two searches."""


@wp.kernel
def integrate(
    x: wp.array(dtype=wp.vec3),
    before: wp.array(dtype=wp.vec3),
    v: wp.array(dtype=wp.vec3),
    settings: wp.array(dtype=float),
):
    """Free flight.

    ``settings`` is (step s, gravity m/s2, share of speed kept, largest speed m/s, distance kept from the skin m,
    friction, largest push out of the skin m), for all kernels.
    """
    i = wp.tid()
    dt = settings[0]
    speed = v[i] * settings[2] + wp.vec3(0.0, 0.0, -settings[1] * dt)
    before[i] = x[i]
    x[i] = x[i] + speed * dt


@wp.kernel
def solve_links(
    x: wp.array(dtype=wp.vec3),
    pairs: wp.array(dtype=wp.vec2i),
    rest: wp.array(dtype=float),
    softness: wp.array(dtype=float),
    limit: wp.array(dtype=float),
    start: int,
):
    """Pull the links of one colour towards their rest lengths.

    Beyond ``limit`` times the rest length they are hard. Links of a bend have none within reach; shorter than at rest,
    all others are as soft as ``CRUSHED``.
    """
    i = wp.tid() + start
    a = pairs[i][0]
    b = pairs[i][1]
    d = x[b] - x[a]
    length = wp.length(d)
    if length > 1.0e-8:
        soft = softness[i]
        if length < rest[i] and limit[i] < UNREACHED:
            soft = wp.max(soft, CRUSHED)
        move = (length - rest[i]) / (2.0 + soft)
        excess = 0.5 * (length - limit[i] * rest[i])
        move = max(move, excess)
        step = d * (move / length)
        x[a] = x[a] + step
        x[b] = x[b] - step


@wp.kernel
def apply_attachments(
    x: wp.array(dtype=wp.vec3),
    particles: wp.array(dtype=int),
    target: wp.array(dtype=wp.vec3),
    strength: wp.array(dtype=float),
):
    """Draw attached particles towards their targets."""
    i = wp.tid()
    p = particles[i]
    x[p] = x[p] + (target[i] - x[p]) * strength[i]


@wp.kernel
def find_contacts(
    mesh: wp.uint64,
    ignored: wp.array(dtype=int),
    x: wp.array(dtype=wp.vec3),
    reach: wp.array(dtype=float),
    looked: wp.array(dtype=wp.vec3),
    skin: wp.array(dtype=wp.vec3),
    normal: wp.array(dtype=wp.vec3),
    start: int,
):
    """Find the plane of skin that each particle must stay in front of; a zero normal means none is near.

    Planes of a piece of the body are written from ``start``. ``reach`` is how deep a particle may lie and still be
    found; 0 leaves it alone. Faces that are ``ignored`` border a cut of the collider and have no inside. Where a
    particle was ``looked`` after last, its plane still holds if it has hardly moved since.
    """
    i = wp.tid()
    if wp.length(x[i] - looked[i]) < HARDLY_M:
        return
    looked[i] = x[i]
    k = start + i
    normal[k] = wp.vec3(0.0, 0.0, 0.0)
    if reach[i] > 0.0:
        q = wp.mesh_query_point_sign_normal(mesh, x[i], reach[i])
        if q.result:
            if ignored[q.face] == 0:
                skin[k] = wp.mesh_eval_position(mesh, q.face, q.u, q.v)
                d = x[i] - skin[k]
                distance = wp.length(d)
                normal[k] = wp.mesh_eval_face_normal(mesh, q.face)
                if distance > 1.0e-5:
                    normal[k] = d * (q.sign / distance)


@wp.kernel
def repel(
    grid: wp.uint64,
    x: wp.array(dtype=wp.vec3),
    panel: wp.array(dtype=int),
    flat: wp.array(dtype=wp.vec2),
    seam: wp.array(dtype=float),
    radius: float,
    moved: wp.array(dtype=wp.vec3),
):
    """Keep layers of cloth ``radius`` apart, except particles that are neighbours in the cut cloth."""
    i = wp.tid()
    here = x[i]
    total = wp.vec3(0.0, 0.0, 0.0)
    count = float(0.0)
    for j in wp.hash_grid_query(grid, here, radius):
        if j != i:
            apart = seam[i] + seam[j]
            if panel[i] == panel[j]:
                apart = wp.length(flat[i] - flat[j])
            if apart > 2.5 * radius:
                d = here - x[j]
                distance = wp.length(d)
                if distance < radius and distance > 1.0e-7:
                    total = total + d * (0.5 * (radius - distance) / distance)
                    count = count + 1.0
    if count > 0.0:
        total = total / count
    moved[i] = total


@wp.kernel
def shift(x: wp.array(dtype=wp.vec3), moved: wp.array(dtype=wp.vec3)):
    """Apply displacements."""
    i = wp.tid()
    x[i] = x[i] + moved[i]


@wp.kernel
def finish_step(
    x: wp.array(dtype=wp.vec3),
    before: wp.array(dtype=wp.vec3),
    v: wp.array(dtype=wp.vec3),
    settings: wp.array(dtype=float),
    skin: wp.array(dtype=wp.vec3),
    normal: wp.array(dtype=wp.vec3),
    count: int,
    parts: int,
):
    """Keep particles in front of the skin, slowing their sliding (Coulomb), and above the floor; speeds from positions.

    ``skin`` and ``normal`` hold ``count`` planes for each of the ``parts`` of the body; the last has the last word.
    """
    i = wp.tid()
    here = x[i]
    for part in range(parts):
        k = part * count + i
        n = normal[k]
        if wp.length_sq(n) > 0.5:
            push = settings[4] - wp.dot(here - skin[k], n)
            if push > 0.0:
                push = wp.min(push, settings[6])
                here = here + n * push
                slide = here - before[i]
                slide = slide - n * wp.dot(slide, n)
                slid = wp.length(slide)
                if slid > 1.0e-9:
                    here = here - slide * wp.min(1.0, settings[5] * push / slid)
    here = wp.vec3(here[0], here[1], wp.max(here[2], FLOOR_M))
    x[i] = here
    speed = (here - before[i]) / settings[0]
    size = wp.length(speed)
    if size > settings[3]:
        speed = speed * (settings[3] / size)
    v[i] = speed


@wp.kernel
def advect_with_body(
    mesh: wp.uint64,
    faces: wp.array(dtype=int),
    step: wp.array(dtype=wp.vec3),
    x: wp.array(dtype=wp.vec3),
    carried: wp.array(dtype=float),
    near: float,
    far: float,
):
    """Carry particles along with the nearest skin: wholly nearer than ``near``, not at all beyond ``far``."""
    i = wp.tid()
    if carried[i] > 0.0:
        q = wp.mesh_query_point_no_sign(mesh, x[i], far)
        if q.result:
            on_body = wp.mesh_eval_position(mesh, q.face, q.u, q.v)
            distance = wp.length(x[i] - on_body)
            share = 1.0 - wp.clamp((distance - near) / (far - near), 0.0, 1.0)
            a = step[faces[3 * q.face]]
            b = step[faces[3 * q.face + 1]]
            c = step[faces[3 * q.face + 2]]
            x[i] = x[i] + (a * q.u + b * q.v + c * (1.0 - q.u - q.v)) * (share * carried[i])
