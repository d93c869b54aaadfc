"""Times and memory of shots by stage: ``python -m benchmarks.speed [PHOTO ...]``.

All figures are of a warm process: libraries loaded, body model ready, kernels compiled, and the virtual model known
from a shot of another garment, as in a shop's daily work. Drapes are computed, not read from the cache on disk.
"""

from __future__ import annotations

import resource
import sys
import tempfile
import time
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

from benchmarks.common.sd15_reference import STEPS, guided_run_seconds
from benchmarks.common.tables import Figures, Table, is_whole_set, photos_from, publish
from pipelines.embedded.pipeline import STEPS as EMBEDDED_STEPS
from pipelines.registry import load_pipeline
from vmodel.body.model.body import build_body
from vmodel.body.pose.library import load_pose
from vmodel.config import Settings
from vmodel.drape import DrapeSettings, drape
from vmodel.errors import WeightsMissing
from vmodel.garment.designs.block_design import Design, write_design
from vmodel.garment.designs.colourway import recolour_file
from vmodel.garment.designs.pattern_design import SewnDesign, write_sewn_design
from vmodel.garment.pattern.fit import fit_garment
from vmodel.shoot import shoot
from vmodel.shot.pipeline_interface import Pipeline, Shot
from vmodel.shot.request import GarmentSource, ShotRequest
from vmodel.studio.design_wearer import choose_wearer
from vmodel.studio.stage_cache import StageCache

PEAK_GIB = 3.0
EMBEDDED_PEAK_GIB = 3.7
"""Bar of the peak memory with the embedded pipeline: 4 GB."""
EXAMPLES = Path(__file__).resolve().parents[1] / "examples"


def main(arguments: Sequence[str] | None = None) -> None:
    """Print times of the usual kinds of shots, their stages, and growth with pixels and cloth."""
    photos = photos_from(arguments, "Measure the time and memory of shots.")
    with tempfile.TemporaryDirectory() as home:
        stages = StageCache(Settings(home=Path(home)))
        source = GarmentSource(photos[1 % len(photos)])
        first = ShotRequest(source, model="wm-ines", pose="contrapposto", pipeline="draft", style="plain")
        _, cold = timed(stages, first)
        tables = measure_kinds(stages, replace(first, garment=GarmentSource(photos[0])))
        tables += [measure_fittings(stages, Path(home)), measure_drawn_fittings(stages, Path(home))]
        usual = peak_gib()
        networks, compared = measure_networks(
            stages, first, replace(first, garment=GarmentSource(photos[2 % len(photos)]))
        )
        tables += [*networks, measure_cloth(stages, photos[0]), measure_pixels(stages, first)]
    findings = [
        f"The first shot of a cold process took {cold:.1f} s.",
        f"Peak memory of the process up to 1024x768: {usual:.2f} GiB (bar: {PEAK_GIB:.0f}); "
        f"up to 3072x2304: {peak_gib():.2f} GiB.",
    ]
    findings.append(compared)
    publish(Figures("speed", tables, findings), keep=is_whole_set(photos))


def measure_kinds(stages: StageCache, request: ShotRequest) -> list[Table]:
    """Measure one row per kind of shot, and the stages of each."""
    kinds = {
        "first shot of a garment": (request, "20"),
        "further pose": (replace(request, pose="hand-on-hip"), "10"),
        "further view": (replace(request, pose="hand-on-hip", view="three-quarter"), "3"),
        "further light": (replace(request, pose="hand-on-hip", view="three-quarter", light="daylight"), "3"),
        "further model": (replace(request, model="mn-tomas"), "20"),
    }
    rows, stage_rows = [], []
    for kind, (asked, bound) in kinds.items():
        shot, seconds = timed(stages, asked)
        rows.append([kind, f"{seconds:.2f}", bound, str(shot.drape.report.vertices), f"{peak_gib():.2f}"])
        parts = sorted(shot.timings.items(), key=lambda item: -item[1])
        stage_rows.append([kind, ", ".join(f"{stage} {spent:.2f}" for stage, spent in parts if spent >= 0.005)])
    head = ["shot", "seconds", "bar", "cloth vertices", "peak memory so far, GiB"]
    return [
        Table("Seconds a shot, 1024x768, warm process", head, rows),
        Table("Seconds a stage", ["shot", "stages"], stage_rows),
    ]


def measure_fittings(stages: StageCache, folder: Path) -> Table:
    """Measure first looks at a designer's cuts on a model that was seen in another size of each."""
    rows = []
    for block in ("tee", "shirt", "dress", "skirt", "trousers", "coat"):
        for size in ("XL", None):
            wearer, measures = choose_wearer(block, "wm-ines", size, stages.roster)
            design = folder / f"{block}-{size}.design.json"
            design.write_bytes(write_design(Design(block, measures, None, "#d8cbb8", "#b9a78e")))
            look = ShotRequest(
                GarmentSource(design), wearer.id, size=(680, 512), pipeline="draft", fitting=True, style="plain"
            )
            shot, seconds = timed(stages, look)
        parts = sorted(shot.timings.items(), key=lambda item: -item[1])
        slowest = ", ".join(f"{stage} {spent:.2f}" for stage, spent in parts if spent >= 0.1)
        rows.append([block, f"{seconds:.2f}", "5", str(shot.drape.report.vertices), slowest])
    head = ["block", "seconds", "bar", "cloth vertices", "stages"]
    return Table("First looks at new cuts (fittings), 680x512, warm process", head, rows)


def measure_drawn_fittings(stages: StageCache, folder: Path) -> Table:
    """Measure first looks at drawings and sewing patterns, then at another colourway of each, on a known model."""
    rows = []
    for name in ("raglan-tee.svg", "dress-pattern.svg", "dress-pattern.dxf", "skirt-pattern.json"):
        for way, path in _colourways(EXAMPLES / name, folder).items():
            source = GarmentSource(path)
            look = ShotRequest(source, "wm-ines", size=(680, 512), pipeline="draft", fitting=True, style="plain")
            shot, seconds = timed(stages, look)
            parts = sorted(shot.timings.items(), key=lambda item: -item[1])
            slowest = ", ".join(f"{stage} {spent:.2f}" for stage, spent in parts if spent >= 0.1)
            rows.append([name, way, f"{seconds:.2f}", "5", str(shot.drape.report.vertices), slowest])
    head = ["file", "look", "seconds", "bar", "cloth vertices", "stages"]
    return Table("First looks at drawings and sewing patterns (fittings), 680x512, warm process", head, rows)


def _colourways(file: Path, folder: Path) -> dict[str, Path]:
    """Write a drawing, or a sewing pattern kept as a design, in its own colours and in others."""
    paths = {"first": folder / f"{file.stem}-own", "another colourway": folder / f"{file.stem}-other"}
    if file.name == "raglan-tee.svg":
        contents = [file.read_bytes(), recolour_file(file, {"#f0e6d2": "#2f5a48", "#b8402c": "#e0c060"})]
        ending = ".svg"
    else:
        design = SewnDesign(file.name, file.read_bytes())
        other = design.in_colours({"#b8cbd8": "#7a3b2e", design.ground: "#3a5f4a"})
        contents, ending = [write_sewn_design(each) for each in (design, other)], f"{file.suffix}.design.json"
    written = {way: path.with_name(path.name + ending) for way, path in paths.items()}
    for path, content in zip(written.values(), contents, strict=True):
        path.write_bytes(content)
    return written


def measure_networks(stages: StageCache, known: ShotRequest, fresh: ShotRequest) -> tuple[list[Table], str]:
    """Compare the embedded network and the finish with a network of usual size; return tables and a sentence.

    Args:
        stages: has dressed its model in other garments.
        known: was shot before; it warms the network.
        fresh: the same model in a garment that is new to it.
    """
    try:
        pipeline = load_pipeline("embedded")
    except WeightsMissing:
        return [], "The embedded pipeline has no weights here; it was not timed."
    shoot(replace(known, pipeline="embedded"), stages, pipeline)
    first, whole = timed(stages, replace(fresh, pipeline="embedded"), pipeline)
    own, held = sum(first.timings.get(stage, 0.0) for stage in ("embedded", "finish")), peak_gib()
    usual, parameters = guided_run_seconds(fresh.size)
    rows = [
        [f"embedded, {EMBEDDED_STEPS} steps, head and hands near, with draft and finish", f"{own:.2f}", "6"],
        ["embedded, the whole first shot of a garment", f"{whole:.2f}", "25"],
        [f"{parameters / 1e6:.0f} M parameters (SD 1.5's UNet), {STEPS} guided steps, no decoder", f"{usual:.1f}", ""],
    ]
    compared = (
        f"A usual network would take {usual / own:.0f} times as long as the embedded one (one step was measured). "
        f"Peak memory with the embedded one at 1024x768: {held:.2f} GiB (bar: {EMBEDDED_PEAK_GIB:.1f})."
    )
    return [Table("Diffusion at 1024x768", ["network", "seconds", "bar"], rows)], compared


def measure_pixels(stages: StageCache, request: ShotRequest) -> Table:
    """Measure the same drape at growing sizes."""
    rows = []
    for size in ((512, 384), (1024, 768), (2048, 1536), (3072, 2304)):
        shot, _ = timed(stages, replace(request, size=size, view="20"))
        spent = shot.timings["conditions"] + shot.timings["draft"]
        rows.append([f"{size[0]}x{size[1]}", f"{size[0] * size[1] / 1e6:.2f}", f"{spent:.2f}", f"{peak_gib():.2f}"])
    head = ["size", "megapixels", "seconds", "peak memory so far, GiB"]
    return Table("Growth with pixels: maps and draft of a finished drape", head, rows)


def measure_cloth(stages: StageCache, photo: Path) -> Table:
    """Measure one garment cut into ever more particles, on a model that has not worn it."""
    shot, _ = timed(stages, ShotRequest(GarmentSource(photo), model="wm-mei", pipeline="draft", style="plain"))
    body, pose = build_body(stages.roster["wm-hana"]), load_pose("walking")
    garment = fit_garment(shot.reading.garment, body.measurements, body.model.gender)
    rows = []
    for spacing_cm in (2.5, 1.8, 1.25, 0.9):
        start = time.perf_counter()
        worn = drape(garment, body, pose, stages.settings, options=DrapeSettings(spacing_cm=spacing_cm))
        rows.append([f"{spacing_cm:g}", str(len(worn.vertices_m)), f"{time.perf_counter() - start:.2f}"])
    head = ["distance of particles, cm", "vertices", "seconds"]
    return Table("Growth with cloth: dressing and moving into a pose", head, rows)


def peak_gib() -> float:
    """Return the peak memory of this process so far in GiB."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 2**20


def timed(stages: StageCache, request: ShotRequest, pipeline: Pipeline | None = None) -> tuple[Shot, float]:
    """Return a shot and its wall-clock seconds; without a pipeline it is a draft."""
    ready = pipeline or load_pipeline("draft")
    start = time.perf_counter()
    shot = shoot(request, stages, ready)
    return shot, time.perf_counter() - start


if __name__ == "__main__":
    main(sys.argv[1:])
