"""``vmodel doctor``: report what this machine can do and what is missing."""

from __future__ import annotations

import json
import os
import platform
import re
import sys
from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass
from importlib import import_module
from importlib.metadata import PackageNotFoundError, requires, version
from importlib.util import find_spec
from pathlib import Path
from typing import Annotated

import typer

_NEEDED = (
    "anny",
    "diffusers",
    "embreex",
    "numpy",
    "opencv-python-headless",
    "pillow",
    "scipy",
    "shapely",
    "torch",
    "warp-lang",
)


@dataclass(frozen=True)
class Finding:
    """Result of one check.

    Attributes:
        state: "ok", "missing" (needed) or "absent" (optional).
        detail: what was found, or the remedy.
    """

    name: str
    state: str
    detail: str


def doctor(as_json: Annotated[bool, typer.Option("--json", help="Print JSON.")] = False) -> None:
    """Check what this machine can do and what is missing. Exit code 1 if something required is missing."""
    findings = [finding for look in _CHECKS for finding in look()]
    if as_json:
        print(json.dumps([asdict(finding) for finding in findings]))
    else:
        marks = {"ok": "ok     ", "missing": "MISSING", "absent": "-      "}
        width = max(len(finding.name) for finding in findings)
        for finding in findings:
            print(f"{marks[finding.state]}  {finding.name:<{width}}  {finding.detail}")
    raise typer.Exit(1 if any(finding.state == "missing" for finding in findings) else 0)


def _python() -> list[Finding]:
    fits = sys.version_info >= (3, 11)
    detail = platform.python_version() + ("" if fits else "; Python 3.11 or newer is needed")
    return [Finding("python", "ok" if fits else "missing", detail)]


def _packages() -> list[Finding]:
    """Check the main packages, and add every other required package that is not installed."""
    further = [name for name in _required() if name not in _NEEDED and not _is_installed(name)]
    findings = []
    for name in (*_NEEDED, *further):
        try:
            findings.append(Finding(name, "ok", version(name)))
        except PackageNotFoundError:
            findings.append(Finding(name, "missing", f"install it with: pip install {name}"))
    return findings


def _required() -> list[str]:
    """Return the packages that vmodel itself requires, without those of its extras."""
    try:
        stated = requires("vmodel") or []
    except PackageNotFoundError:  # not installed, but run from its source folder
        return []
    return [match[0] for text in stated if ";" not in text and (match := re.match(r"[\w.-]+", text))]


def _is_installed(name: str) -> bool:
    try:
        version(name)
    except PackageNotFoundError:
        return False
    return True


def _machine() -> list[Finding]:
    cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
    findings = [Finding("processor", "ok", f"{cores} cores, {platform.machine()}")]
    if hasattr(os, "sysconf") and "SC_PHYS_PAGES" in os.sysconf_names:
        gib = os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE") / 2**30
        enough = gib >= 4
        detail = f"{gib:.0f} GiB" + ("" if enough else "; at least 4 GiB are needed")
        findings.append(Finding("memory", "ok" if enough else "missing", detail))
    return findings


def _graphics() -> list[Finding]:
    import torch

    if torch.cuda.is_available():
        return [Finding("cuda", "ok", torch.cuda.get_device_name(0))]
    return [Finding("cuda", "absent", "no CUDA device; everything runs on the processor")]


def _home() -> list[Finding]:
    from vmodel.config import Settings
    from vmodel.core.files import make_home
    from vmodel.errors import OutputNotWritable

    home = Settings().home
    try:
        make_home(home)
    except OutputNotWritable as error:
        return [Finding("VMODEL_HOME", "missing", f"{home} cannot be written ({error}); set VMODEL_HOME")]
    return [Finding("VMODEL_HOME", "ok", str(home))]


def _weights() -> list[Finding]:
    from vmodel.config import Settings
    from vmodel.core.weights_manifest import check_weights

    folder = Settings().weights
    faults = check_weights(folder)
    single = {name: fault for name, fault in faults.items() if "/" not in name}
    findings = [
        Finding(f"weights {name}", "missing" if fault else "ok", fault or "hash as in the manifest")
        for name, fault in single.items()
    ]
    return [*findings, _pipeline_weights(folder / "embedded", faults)]


def _pipeline_weights(folder: Path, faults: Mapping[str, str | None]) -> Finding:
    """Summarise all files of a pipeline in one finding; the draft works without them."""
    name, below = f"weights {folder.name}", f"{folder.name}/"
    vouched = {file: fault for file, fault in faults.items() if file.startswith(below)}
    wrong = [f"{file} is {fault}" for file, fault in vouched.items() if fault]
    if wrong:
        return Finding(name, "missing", wrong[0])
    if vouched:
        return Finding(name, "ok", f"{len(vouched)} files, hashes as in the manifest")
    if (folder / "model_index.json").is_file():
        return Finding(name, "ok", "found, but the manifest does not list it; export it with `vmodel train`")
    return Finding(name, "absent", f"`--pipeline {folder.name}` cannot run; `vmodel train` makes its weights")


def _published_weights() -> list[Finding]:
    """Check the published weights that pipelines need, one finding each; the draft works without them."""
    from pipelines.hub.weights.catalogue import CATALOGUE
    from pipelines.hub.weights.store import find_weights
    from vmodel.config import Settings
    from vmodel.errors import VModelError, WeightsNotPulled

    findings = []
    for name, weights in CATALOGUE.items():
        try:
            folder = find_weights(name, Settings())
            needs = f"best with {weights.memory_gb:g} GB of free memory on the graphics card"
            needs = needs if weights.memory_gb else "no graphics card needed"
            findings.append(Finding(f"weights {name}", "ok", f"{folder}; {needs}"))
        except WeightsNotPulled:
            how = f"{weights.purpose}; `vmodel weights pull {name}` gets them, {weights.download_gb:g} GB"
            findings.append(Finding(f"weights {name}", "absent", how))
        except VModelError as error:
            findings.append(Finding(f"weights {name}", "absent", str(error)))
    return findings


def _automatic() -> list[Finding]:
    from pipelines.selection import choose_for_this_machine
    from vmodel.errors import BadUsage

    try:
        return [Finding("--pipeline auto", "ok", str(choose_for_this_machine()))]
    except BadUsage as error:
        return [Finding("--pipeline auto", "missing", str(error))]


def _stages() -> list[Finding]:
    findings = []
    for module in ("vmodel.shoot", "pipelines.draft"):
        try:
            import_module(module)
            findings.append(Finding(module, "ok", "loads"))
        except Exception as error:
            findings.append(Finding(module, "missing", f"cannot be loaded ({error}); reinstall vmodel"))
    return findings


def _face_detector() -> list[Finding]:
    from vmodel.config import Settings
    from vmodel.rights.admission.face_detection import check_detector
    from vmodel.rights.errors import DetectorInvalid

    remedy = "docs/rights.md says how to get it; without it child models are shown as drafts"
    try:
        installed = check_detector(Settings())
    except DetectorInvalid as error:
        return [Finding("face detector", "missing", f"{error} Child models are refused until then.")]
    return [Finding("face detector", "ok" if installed else "absent", "hash as known" if installed else remedy)]


def _matting() -> list[Finding]:
    from vmodel.garment.cutout.rembg_backend import find_weights

    if find_spec("rembg") is None:
        return [Finding("rembg", "absent", "a matting model for cluttered photos; install rembg and its weights")]
    weights = find_weights(os.environ)
    if weights is None:
        return [Finding("rembg", "absent", "installed without weights: `rembg d isnet-general-use` gets them")]
    return [Finding("rembg", "ok", str(weights))]


def _extras() -> list[Finding]:
    uses = {
        "transformers": "text encoders of published pipelines; pip install 'vmodel[gpu]'",
        "controlnet_aux": "poses from photos by OpenPose, for research; `vmodel weights pull dwpose` does it, too",
    }
    return [
        Finding(name, "ok" if find_spec(name) else "absent", "installed" if find_spec(name) else use)
        for name, use in uses.items()
    ]


_CHECKS: tuple[Callable[[], list[Finding]], ...] = (
    _python,
    _packages,
    _machine,
    _graphics,
    _home,
    _weights,
    _published_weights,
    _automatic,
    _stages,
    _face_detector,
    _matting,
    _extras,
)
