"""Imports go one way: app -> pipelines -> vmodel, and inside each from later folders to earlier ones."""

from __future__ import annotations

import ast
import subprocess
import sys
from collections import Counter
from collections.abc import Collection, Iterator
from graphlib import TopologicalSorter
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent
#: Folders and single modules from low to high: each imports only itself and what stands before it. A dot is the folder
#: that the line begins with.
ORDER = """
vmodel: errors.py types.py limits.py config.py core migrations migrations/versions
vmodel/garment: imaging vector . sizing delighting recognition cutout blocks
vmodel/garment: pattern/details pattern/cut pattern/maps pattern sewing sewing/formats designs
vmodel: wardrobe
vmodel/body: mesh face base_layer pose model hair shoes appearance
vmodel/drape: geometry cloth solver placement simulate outfit neck .
vmodel/scene: geometry camera shading place hair render .
vmodel/rights: . provenance licence registry fingerprint watermark policy admission verification
vmodel: shot client finish quality quality/wear studio publishing shoot.py
vmodel/service: . accounts storage webhooks ledger jobs garments maintenance worker
vmodel/batch: errors.py journal.py tables .
pipelines: common hub/weights hub/runtime hub/models embedded .
pipelines/training: common reader/samples.py reader/synthetic reader reader/layers light scenes blender .
app: api/http api/schemas api/intake api/rights api/routes api ui/base ui/view_models ui/routes ui server
app/cli: . batch operator main.py
"""
PLACES = [
    folder if name == "." else f"{folder}/{name}"
    for folder, names in (line.split(": ") for line in ORDER.strip().splitlines())
    for name in names.split()
]


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


def place_of(path: Path) -> int:
    """Return how high a module stands; an empty package stands below all."""
    relative = path.relative_to(ROOT)
    found = [PLACES.index(str(name)) for name in (relative, relative.parent) if str(name) in PLACES]
    if not found and path.name == "__init__.py" and not list(imports_of(path)):
        return -1
    assert found, f"{relative} is in no folder of ORDER"
    return found[0]


def library() -> dict[str, Path]:
    """Return every module of the product by its dotted name."""
    paths = [path for folder in ("vmodel", "pipelines", "app") for path in modules(folder)]
    return {".".join(path.relative_to(ROOT).with_suffix("").parts).removesuffix(".__init__"): path for path in paths}


def test_every_place_is_there() -> None:
    assert [place for place in PLACES if not (ROOT / place).exists()] == []
    assert len(set(PLACES)) == len(PLACES)


@pytest.mark.parametrize("top", ["vmodel", "pipelines", "app"])
def test_a_folder_imports_none_that_stands_after_it(top: str) -> None:
    named = library()
    for path in modules(top):
        for name in imports_of(path):
            imported = named.get(module_of(name, named))
            if imported is not None:
                low, high = imported.relative_to(ROOT), path.relative_to(ROOT)
                assert place_of(imported) <= place_of(path), f"{high} imports {low}, which stands after it"
            else:
                assert name.split(".")[0] not in {"benchmarks", "scripts", "tests"}, f"{path} imports {name}"


def test_no_import_leads_back_to_where_it_began() -> None:
    named = library()
    graph = {name: {module_of(other, named) for other in imports_of(path)} - {name} for name, path in named.items()}
    TopologicalSorter(graph).prepare()  # raises CycleError, which names the modules


def test_the_main_path_stays_short() -> None:
    assert len((ROOT / "vmodel" / "shoot.py").read_text(encoding="utf-8").splitlines()) < 100


@pytest.mark.parametrize("folder", ["vmodel", "pipelines", "app", "benchmarks", "scripts", "tests"])
def test_files_and_folders_stay_readable(folder: str) -> None:
    for path in modules(folder):
        lines = len(path.read_text(encoding="utf-8").splitlines())
        # The types and errors that all stages share serve as a glossary, and read best in one place.
        assert lines < (600 if path.stem in {"types", "errors"} else 400), f"{path.relative_to(ROOT)} has {lines} lines"
    filled = Counter(path.parent for path in modules(folder) if path.name != "__init__.py")
    # Migrations are never merged or taken out, and nobody reads them as one.
    filled.pop(ROOT / "vmodel" / "migrations" / "versions", None)
    assert {str(each.relative_to(ROOT)): count for each, count in filled.items() if count > 14} == {}


@pytest.mark.parametrize("command", [["--help"], ["models", "list"], ["poses", "list"]], ids=" ".join)
def test_what_only_tells_something_loads_nothing_heavy(command: list[str]) -> None:
    heavy = {"torch", "roma", "anny", "warp", "cv2"} | ({"scipy"} if command == ["--help"] else set())
    code = f"import sys; from app.cli.main import run; run({command}); "
    code += f"sys.exit(' '.join({heavy} & set(sys.modules)) or 0)"
    ended = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False, cwd=ROOT)
    assert ended.returncode == 0, ended.stderr
