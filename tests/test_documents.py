"""What documents and docstrings say of the code's places is true."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent
FOLDERS = ("vmodel", "app", "pipelines", "benchmarks", "scripts", "tests")
DOCUMENTS = [
    path
    for path in [*ROOT.glob("*.md"), *(ROOT / "docs").rglob("*.md"), *(ROOT / "pipelines").rglob("*.md")]
    if path.name != "CHANGELOG.md"  # it tells of places that were
]
_NAME = rf"(?:{'|'.join(FOLDERS)})"
#: ``vmodel/shot/request.py``, and ``vmodel.shot.request`` with what it defines.
_PATH = re.compile(rf"(?<![\w./-]){_NAME}(?:/[\w.-]*\w)+/?")
_MODULE = re.compile(rf"(?<![\w./-]){_NAME}(?:\.[A-Za-z_]\w*)+")
_QUOTED_MODULE = re.compile(rf"``(?!app\.state)({_NAME}(?:\.[A-Za-z_]\w*)+)``")


def is_there(dotted: str) -> bool:
    """Return whether a dotted name is a module or a package, or something that one defines."""
    parts = dotted.split(".")
    for end in range(len(parts), 0, -1):
        place = ROOT.joinpath(*parts[:end])
        found = next((each for each in (place.with_suffix(".py"), place / "__init__.py") if each.is_file()), None)
        if found is not None:
            text = found.read_text(encoding="utf-8")
            # Packages list in __all__ what they pass on.
            return all(
                re.search(rf"^\s*(?:def |class )?{name}\b\s*[:=(]|\"{name}\"", text, re.MULTILINE)
                for name in parts[end : end + 1]
                if name != "__file__"
            )
    return False


def missing_in(text: str, modules: re.Pattern[str]) -> list[str]:
    paths = [name for name in _PATH.findall(text) if not (ROOT / name).exists()]
    dotted = [name for name in modules.findall(text) if not name.endswith(".md") and not is_there(name)]
    return sorted({*paths, *dotted})


@pytest.mark.parametrize("document", DOCUMENTS, ids=lambda path: str(path.relative_to(ROOT)))
def test_every_module_that_a_document_names_exists(document: Path) -> None:
    assert missing_in(document.read_text(encoding="utf-8"), _MODULE) == []


def test_every_module_that_a_docstring_names_exists() -> None:
    sources = [path for folder in FOLDERS for path in (ROOT / folder).rglob("*.py")]
    missing = {path: missing_in(path.read_text(encoding="utf-8"), _QUOTED_MODULE) for path in sources}
    assert {str(path.relative_to(ROOT)): names for path, names in missing.items() if names} == {}


def tree_of_readme() -> Iterator[str]:
    """Yield the folders of the annotated tree, each from the root."""
    text = (ROOT / "README.md").read_text(encoding="utf-8")
    (tree,) = re.findall(r"```\n(vmodel/ .*?)```", text, re.DOTALL)
    for line in tree.splitlines():
        name = line.split()[0]
        yield f"vmodel/{name}" if line.startswith("  ") else name


def test_the_tree_in_readme_has_every_folder_of_the_repository_and_of_the_library() -> None:
    named = list(tree_of_readme())
    assert [name for name in named if not (ROOT / name).exists()] == []
    library = {f"vmodel/{path.parent.name}/" for path in (ROOT / "vmodel").glob("*/__init__.py")}
    assert {name for name in named if name.startswith("vmodel/") and name != "vmodel/"} == library
    code = {f"{path.parent.name}/" for path in ROOT.glob("*/__init__.py")}
    assert code | {"docs/", "examples/", "weights/"} == {
        name for name in named if name.count("/") == 1 and name[-1] == "/"
    }
