"""What users get beside our code: the lock of the image, its list of packages (SBOM), and their licences."""

from __future__ import annotations

import json
import re
import subprocess
import sys
from importlib.metadata import Distribution, PathDistribution
from pathlib import Path
from typing import Any

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

from scripts.licences import installed, licence_of, refused, user_requirements
from scripts.lock import BUILD_LOCK, LOCK, UNLOCKED
from scripts.lock import EXTRAS as IMAGE_EXTRAS
from scripts.sbom import image_version

ROOT = Path(__file__).resolve().parent.parent
_LOCKED = re.compile(r"([a-z0-9-]+)==(\S+) --hash=sha256:[0-9a-f]{64}")
"""Line of a lock."""


def locked(path: Path) -> dict[str, str]:
    lines = [line for line in path.read_text(encoding="utf-8").splitlines() if not line.startswith("#")]
    found = [_LOCKED.fullmatch(line) for line in lines]
    assert all(found), "a line has no hash, which pip would refuse"
    return {match[1]: match[2] for match in found if match}


@pytest.mark.parametrize("requirement", user_requirements(IMAGE_EXTRAS), ids=lambda each: each.name)
def test_the_lock_has_every_package_of_the_project_in_its_range(requirement: Requirement) -> None:
    name, taken = canonicalize_name(requirement.name), locked(LOCK)
    if name in UNLOCKED:
        version = image_version(name)
    else:
        assert name in taken, f"{name} is in no lock; run `make lock`"
        version = taken[name]
    assert requirement.specifier.contains(version), f"{name} {version} is out of range; run `make lock`"


def test_the_image_takes_hashed_files_only_and_fails_where_one_is_missing() -> None:
    image = (ROOT / "Dockerfile").read_text(encoding="utf-8")
    for path in (LOCK, BUILD_LOCK):
        assert locked(path)
        assert re.search(rf"--require-hashes --no-deps (?:--no-build-isolation )?-r {path.name}\b", image)
    assert "only_these=--no-index" in image
    assert {"cython", "setuptools", "wheel", "numpy"} == locked(BUILD_LOCK).keys()
    assert locked(BUILD_LOCK)["numpy"] == locked(LOCK)["numpy"]


def test_the_bill_of_materials_has_every_locked_package_and_the_fields_that_cyclonedx_requires() -> None:
    def printed() -> str:
        command = [sys.executable, "-m", "scripts.sbom"]
        return subprocess.run(command, capture_output=True, text=True, check=True, cwd=ROOT).stdout

    bill: dict[str, Any] = json.loads(printed())
    assert (bill["bomFormat"], bill["specVersion"], bill["version"]) == ("CycloneDX", "1.6", 1)
    assert re.fullmatch(r"urn:uuid:[0-9a-f]{8}-([0-9a-f]{4}-){3}[0-9a-f]{12}", bill["serialNumber"])
    components = bill["components"]
    unlocked = {name: image_version(name) for name in UNLOCKED}
    assert {each["name"]: each["version"] for each in components} == locked(LOCK) | unlocked
    assert len({each["bom-ref"] for each in [bill["metadata"]["component"], *components]}) == len(components) + 1
    for each in components:
        assert each["type"] == "library"
        assert each["purl"] == f"pkg:pypi/{each['name']}@{each['version']}"
        assert all(re.fullmatch("[0-9a-f]{64}", digest["content"]) for digest in each.get("hashes", []))
        assert all(licence["expression"] for licence in each.get("licenses", []))
    assert {each["name"] for each in components if "hashes" not in each} == UNLOCKED
    assert printed() == json.dumps(bill, indent=1) + "\n", "the same lock gives the same list"


def test_every_installed_package_that_users_get_has_an_allowed_licence() -> None:
    packages = installed(user_requirements())
    assert len(packages) > 100
    assert refused(packages) == {}


@pytest.mark.parametrize(
    ("fields", "licence", "is_refused"),
    [
        ("License-Expression: MIT", "MIT", False),
        ("License-Expression: MPL-2.0 AND (Apache-2.0 OR MIT)", "MPL-2.0 AND (Apache-2.0 OR MIT)", False),
        ("License-Expression: AGPL-3.0-only", "AGPL-3.0-only", True),
        ("License: Apache License, Version 2.0", "Apache-2.0", False),
        ("Classifier: License :: OSI Approved :: BSD License", "BSD-3-Clause", False),
        ("License: MIT\nClassifier: License :: OSI Approved :: GNU General Public License v3 (GPLv3)",
         "GNU General Public License v3 (GPLv3)", True),
        ("Classifier: License :: Other/Proprietary License", "Other/Proprietary License", True),
        ("License: MIT for everybody but shops", "", True),
        ("Summary: says nothing", "", True),
    ],
)  # fmt: skip
def test_a_licence_is_told_from_new_and_old_metadata_and_what_is_unknown_is_refused(
    tmp_path: Path, fields: str, licence: str, is_refused: bool
) -> None:
    folder = tmp_path / "thing-1.0.dist-info"
    folder.mkdir()
    (folder / "METADATA").write_text(f"Metadata-Version: 2.4\nName: thing\nVersion: 1.0\n{fields}\n", encoding="utf-8")
    thing: Distribution = PathDistribution(folder)
    assert licence_of(thing) == licence
    assert ("thing" in refused({"thing": thing})) is is_refused


def test_the_graphics_cards_build_of_pytorch_does_not_fail_the_check(tmp_path: Path) -> None:
    said = "License-Expression: LicenseRef-NVIDIA-Proprietary"
    packages = {}
    for name in ("nvidia-cublas", "cuda-bindings", "thing"):
        folder = tmp_path / f"{name}-1.0.dist-info"
        folder.mkdir()
        (folder / "METADATA").write_text(f"Metadata-Version: 2.4\nName: {name}\nVersion: 1.0\n{said}\n")
        packages[name] = PathDistribution(folder)
    assert refused(packages) == {"thing": "LicenseRef-NVIDIA-Proprietary"}


def test_the_check_ends_with_the_remedy(tmp_path: Path) -> None:
    folder = tmp_path / "pyotp-99.0.dist-info"
    folder.mkdir()
    (folder / "METADATA").write_text(
        "Metadata-Version: 2.4\nName: pyotp\nVersion: 99.0\nLicense-Expression: SSPL-1.0\n", encoding="utf-8"
    )
    code = f"import sys; sys.path.insert(0, {str(tmp_path)!r}); from scripts.licences import main; main()"
    ended = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False, cwd=ROOT)
    assert ended.returncode == 1
    assert "pyotp: its licence is SSPL-1.0; if it allows commercial use, enter it in" in ended.stdout
