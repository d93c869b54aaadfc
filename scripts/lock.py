"""Write ``requirements.lock`` and ``requirements-build.lock``: what the Dockerfile installs, with versions and hashes.

    python -m scripts.lock

The versions are those of the environment that runs it, with which the tests have passed; pip tells the hash of each
file that it would install here. So the lock is for this Python and this kind of machine (Linux, x86-64), and others
install by the ranges of ``pyproject.toml``. PyTorch is not in it: its builds come from an index of their own, see the
Dockerfile.
"""

from __future__ import annotations

import json
import subprocess
import sys
import sysconfig
import tempfile
from collections.abc import Iterable
from importlib.metadata import version
from pathlib import Path
from typing import Any

from packaging.utils import canonicalize_name

from scripts.licences import ROOT, installed, user_requirements

LOCK, BUILD_LOCK = ROOT / "requirements.lock", ROOT / "requirements-build.lock"
UNLOCKED = frozenset({"torch"})
EXTRAS = ("postgres",)
"""Extras of the image."""
_BUILD = ("cython", "setuptools", "wheel")
"""Packages that build those of which no wheel exists, and vmodel itself; numpy, which they build against, is added."""
_HEAD = (
    "# Written by `python -m scripts.lock` for Python {major}.{minor} on {platform}; "
    "install with --require-hashes --no-deps.\n"
)


def pin(requirements: Iterable[str]) -> str:
    """Return lines with versions and hashes for requirements, as pip would install them here, without dependencies."""
    with tempfile.TemporaryDirectory(prefix="vmodel-") as folder:
        asked, report = Path(folder) / "asked.txt", Path(folder) / "report.json"
        asked.write_text("\n".join(requirements), encoding="utf-8")
        options = ("--dry-run", "--quiet", "--no-deps", "--ignore-installed")
        command = [sys.executable, "-m", "pip", "install", *options, "--report", str(report), "-r", str(asked)]
        subprocess.run(command, check=True)
        found: list[dict[str, Any]] = json.loads(report.read_text(encoding="utf-8"))["install"]
    lines = [
        f"{canonicalize_name(each['metadata']['name'])}=={each['metadata']['version']} "
        f"--hash=sha256:{each['download_info']['archive_info']['hashes']['sha256']}\n"
        for each in found
    ]
    major, minor = sys.version_info[:2]
    return _HEAD.format(major=major, minor=minor, platform=sysconfig.get_platform()) + "".join(sorted(lines))


def main() -> None:
    """Write both files."""
    packages = installed(user_requirements(EXTRAS))
    LOCK.write_text(
        pin(f"{name}=={package.version}" for name, package in packages.items() if name not in UNLOCKED),
        encoding="utf-8",
    )
    BUILD_LOCK.write_text(pin([*_BUILD, f"numpy=={version('numpy')}"]), encoding="utf-8")


if __name__ == "__main__":
    main()
