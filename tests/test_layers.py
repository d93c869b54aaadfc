"""Imports go one way: app -> pipelines -> vmodel, and inside vmodel from later stages to earlier ones."""

from __future__ import annotations

import ast
import subprocess
import sys
from collections.abc import Collection, Iterator
from graphlib import TopologicalSorter
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent
GROUND = {"types", "errors", "config", "images", "files", "weights", "database", "film", "threads", "limits"}
GROUND |= {"crash_log", "hashing"}
STAGES = ["garment", "body", "drape", "scene"]
#: Modules that join the stages, each after the modules that it may import.
JOINTS = [
    "request",
    "outfits",
    "casting",
    "designing",
    "looks",
    "rights",
    "studio",
    "take",
    "consistency",
    "fine_light",
    "finish",
    "quality",
    "photograph",
    "sidecar",
    "publish",
    "publish_clip",
    "reading",
    "dressing",
    "clip",
    "preflight",
    "size_run",
]
JOINTS += ["contact_sheet", "marketplaces", "batch", "service", "client"]
#: Folder -> packages of the same top-level package that its modules may import.
OWN = {
    "app/api": ("app.api",),
    "pipelines/common": ("pipelines.common",),
    "pipelines/hub": ("pipelines.common", "pipelines.hub"),
}


def imports_of(path: Path) -> Iterator[str]:
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module:
            yield from (f"{node.module}.{alias.name}" for alias in node.names)


def modules(folder: str) -> list[Path]:
    return sorted((ROOT / folder).rglob("*.py"))


def module_of(name: str, modules: Collection[str]) -> str:
    """Return the module that an imported name is, or in which it is defined."""
    return name if name in modules else name.rpartition(".")[0]


def stage_of(module: str) -> str:
    parts = module.split(".")
    return parts[1] if len(parts) > 1 and parts[0] == "vmodel" else ""


@pytest.mark.parametrize("stage", STAGES)
def test_a_stage_imports_only_the_ground_and_stages_before_it(stage: str) -> None:
    allowed = GROUND | set(STAGES[: STAGES.index(stage) + 1])
    for path in modules(f"vmodel/{stage}"):
        foreign = {stage_of(name) for name in imports_of(path)} - allowed - {""}
        assert not foreign, f"{path.relative_to(ROOT)} imports {foreign}"


def test_the_ground_imports_no_stage() -> None:
    for name in GROUND:
        assert {stage_of(module) for module in imports_of(ROOT / "vmodel" / f"{name}.py")} <= GROUND | {""}


def test_every_module_of_the_library_has_its_place() -> None:
    known = GROUND | set(STAGES) | set(JOINTS) | {"shoot", "__init__"}
    assert {path.stem for path in (ROOT / "vmodel").glob("*.py")} <= known


def test_the_library_imports_no_pipeline_and_no_face() -> None:
    for path in modules("vmodel"):
        assert not [name for name in imports_of(path) if name.split(".")[0] in {"pipelines", "app", "benchmarks"}], path


def test_pipelines_import_no_face() -> None:
    for path in modules("pipelines"):
        assert not [name for name in imports_of(path) if name.split(".")[0] in {"app", "benchmarks"}], path


@pytest.mark.parametrize("folder", OWN)
def test_a_folder_that_others_stand_on_imports_none_of_them(folder: str) -> None:
    package = folder.split("/", maxsplit=1)[0]
    for path in modules(folder):
        own = [name for name in imports_of(path) if name.startswith(f"{package}.")]
        assert all(name.startswith(OWN[folder]) for name in own), path


def test_no_import_leads_back_to_where_it_began() -> None:
    paths = [path for folder in ("vmodel", "pipelines", "app") for path in modules(folder)]
    named = {".".join(path.relative_to(ROOT).with_suffix("").parts).removesuffix(".__init__"): path for path in paths}
    graph = {name: {module_of(other, named) for other in imports_of(path)} - {name} for name, path in named.items()}
    TopologicalSorter(graph).prepare()  # raises CycleError, which names the modules


def test_the_main_path_stays_short() -> None:
    assert len((ROOT / "vmodel" / "shoot.py").read_text(encoding="utf-8").splitlines()) < 100


@pytest.mark.parametrize("folder", ["vmodel", "pipelines", "app", "benchmarks", "examples", "tests"])
def test_files_stay_readable(folder: str) -> None:
    for path in modules(folder):
        lines = len(path.read_text(encoding="utf-8").splitlines())
        # The types and errors that all stages share serve as a glossary, and read best in one place.
        assert lines < (600 if path.stem in {"types", "errors"} else 400), f"{path.relative_to(ROOT)} has {lines} lines"


@pytest.mark.parametrize("command", [["--help"], ["models", "list"], ["poses", "list"]], ids=" ".join)
def test_what_only_tells_something_loads_nothing_heavy(command: list[str]) -> None:
    heavy = {"torch", "roma", "anny", "warp", "cv2"} | ({"scipy"} if command == ["--help"] else set())
    code = f"import sys; from app.cli.main import run; run({command}); "
    code += f"sys.exit(' '.join({heavy} & set(sys.modules)) or 0)"
    ended = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False, cwd=ROOT)
    assert ended.returncode == 0, ended.stderr
