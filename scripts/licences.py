"""Check that every installed package that users get has a licence of ``ALLOWED``, as its metadata states it.

python -m scripts.licences
"""

from __future__ import annotations

import re
import sys
import tomllib
from collections.abc import Iterable, Mapping
from importlib.metadata import Distribution, PackageNotFoundError, distribution
from pathlib import Path

from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

ROOT = Path(__file__).resolve().parents[1]
EXTRAS = ("gpu", "postgres", "quantised")
"""Extras that users install; the others are tools of developers."""
ALLOWED = frozenset({
    "0BSD", "Apache-2.0", "Apache-2.0 WITH LLVM-exception", "BSD-2-Clause", "BSD-3-Clause", "BSL-1.0", "CC0-1.0",
    "CNRI-Python", "ISC", "LGPL-3.0-only", "MIT", "MIT-0", "MIT-CMU", "MPL-2.0", "PSF-2.0", "Zlib",
})  # fmt: skip
"""Licences (SPDX) that allow commercial use beside code of any licence; those of LGPL and MPL are used unchanged."""
#: Pattern of what older metadata calls a licence, in its classifier or its field -> SPDX; the first match counts.
_WORDS = {
    r"apache( software)?( license)?([ ,-]*(version )?2(\.0)?)?( license)?": "Apache-2.0",
    r"mit( license)?|the mit license\b.*": "MIT",
    r"bsd 2-clause.*": "BSD-2-Clause",
    r"bsd( license)?|3-clause bsd( license)?": "BSD-3-Clause",
    r"isc license( \(iscl\))?": "ISC",
    r"mozilla public license 2\.0( \(mpl 2\.0\))?": "MPL-2.0",
    r"python software foundation license|psfl": "PSF-2.0",
}
STATED = {"anny": "Apache-2.0", "embreex": "BSD-2-Clause", "resvg-py": "MIT"}
"""Package whose metadata names no licence -> that of its licence file, as read there."""

#: Names of the CUDA libraries that PyTorch's build for graphics cards brings, under NVIDIA's own licence, which allows
#: commercial use. On Linux it is what PyPI has, so that most machines have them; the build for processors has none.
_CUDA = re.compile("(nvidia|cuda)-.*")


def user_requirements(extras: Iterable[str] = EXTRAS) -> list[Requirement]:
    """Return what ``pyproject.toml`` requires, with these extras."""
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    further = [line for extra in extras for line in project["optional-dependencies"][extra]]
    return [Requirement(line) for line in (*project["dependencies"], *further)]


def installed(requirements: Iterable[Requirement]) -> dict[str, Distribution]:
    """Return the installed packages that these requirements need, directly or not, by name; missing ones are left out.

    Args:
        requirements: whose markers hold here.
    """
    waiting, seen, found = list(requirements), set(), {}
    while waiting:
        asked = waiting.pop()
        if str(asked) in seen:
            continue
        seen.add(str(asked))
        try:
            package = distribution(asked.name)
        except PackageNotFoundError:
            continue
        found[canonicalize_name(asked.name)] = package
        for line in package.requires or ():
            needed = Requirement(line)
            chosen = ("", *asked.extras)
            if needed.marker is None or any(needed.marker.evaluate({"extra": extra}) for extra in chosen):
                waiting.append(needed)
    return dict(sorted(found.items()))


def licence_of(package: Distribution) -> str:
    """Return the SPDX expression of a package's licence; empty if it cannot be told."""

    def stated(field: str) -> list[str]:
        return package.metadata.get_all(field) or []

    if expressions := stated("License-Expression"):
        return expressions[0]
    classifiers = [each for each in stated("Classifier") if re.match("License :: (?!OSI Approved$)", each)]
    if classifiers:
        named = [each.rpartition(" :: ")[2] for each in classifiers]
        return " OR ".join(dict.fromkeys(_spdx(name) or name for name in named))
    return _spdx("".join(stated("License")[:1])) or STATED.get(canonicalize_name(package.name), "")


def refused(packages: Mapping[str, Distribution]) -> dict[str, str]:
    """Return the packages that state another licence than ``ALLOWED`` has, or none, each with what it states.

    NVIDIA's libraries for PyTorch are left out.
    """
    stated = {name: licence_of(package) for name, package in packages.items() if not _CUDA.fullmatch(name)}
    return {name: licence for name, licence in stated.items() if not set(_parts(licence)) <= ALLOWED or not licence}


def _spdx(words: str) -> str:
    if words and set(_parts(words)) <= ALLOWED:
        return words
    plain = " ".join(words.lower().split())
    return next((spdx for pattern, spdx in _WORDS.items() if re.fullmatch(pattern, plain)), "")


def _parts(expression: str) -> list[str]:
    return [part.strip() for part in re.split(r"\s+(?:AND|OR)\s+|[()]", expression) if part.strip()]


def main() -> None:
    """Print what is refused, and exit with 1 if anything is."""
    found = refused(installed(user_requirements()))
    for name, licence in found.items():
        print(
            f"{name}: its licence is {licence or 'not stated'}; if it allows commercial use, enter it in "
            "scripts/licences.py (ALLOWED, or STATED after reading its file), otherwise do without the package."
        )
    sys.exit(1 if found else 0)


if __name__ == "__main__":
    main()
