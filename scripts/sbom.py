"""Print the Python packages of the image as a CycloneDX 1.6 document (JSON): those of the lock, and PyTorch.

python -m scripts.sbom > build/sbom.json
"""

from __future__ import annotations

import contextlib
import json
import re
import uuid
from importlib.metadata import PackageNotFoundError, distribution, version
from typing import Any

from scripts.licences import ROOT, licence_of
from scripts.lock import LOCK, UNLOCKED

_LINE = re.compile(r"(?P<name>[a-z0-9-]+)==(?P<version>\S+) --hash=sha256:(?P<sha256>[0-9a-f]{64})")


def bill_of_materials(lock: str) -> dict[str, Any]:
    """Return the document for the text of a lock; the same text gives the same document."""
    packages = [found.groupdict() for found in map(_LINE.fullmatch, lock.splitlines()) if found]
    # Of what the lock leaves out the Dockerfile names the version, and nothing the hash.
    packages += [{"name": name, "version": image_version(name)} for name in sorted(UNLOCKED)]
    return {
        "bomFormat": "CycloneDX",
        "specVersion": "1.6",
        "serialNumber": f"urn:uuid:{uuid.uuid5(uuid.NAMESPACE_URL, lock)}",
        "version": 1,
        "metadata": {
            "component": {"type": "application", "name": "vmodel", "version": version("vmodel")}
            | {"bom-ref": "vmodel", "licenses": [{"expression": "Apache-2.0"}]}
        },
        "components": [_component(**package) for package in packages],
    }


def image_version(name: str) -> str:
    """Return the version that the Dockerfile installs of a package that is in no lock."""
    image = (ROOT / "Dockerfile").read_text(encoding="utf-8")
    (found,) = re.findall(rf"^ARG {name.upper()}_VERSION=(\S+)$", image, re.MULTILINE)
    return str(found)


def _component(name: str, version: str, sha256: str = "") -> dict[str, Any]:
    address = f"pkg:pypi/{name}@{version}"
    component: dict[str, Any] = {"type": "library", "bom-ref": address, "name": name, "version": version}
    component["purl"] = address
    if sha256:
        component["hashes"] = [{"alg": "SHA-256", "content": sha256}]
    with contextlib.suppress(PackageNotFoundError):  # locked on another machine; its licence is not known here
        component["licenses"] = [{"expression": licence_of(distribution(name))}]
    return component


def main() -> None:
    """Print the document."""
    print(json.dumps(bill_of_materials(LOCK.read_text(encoding="utf-8")), indent=1))


if __name__ == "__main__":
    main()
