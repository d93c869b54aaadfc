"""``vmodel`` that is unsure about every photo: ``python tests/support/unsure_vmodel.py shoot``."""

from __future__ import annotations

import sys

from vmodel.garment.recognition import kind

kind.UNSURE = 1.01  # type: ignore[misc]  # worker processes run this file too, but not what is below

if __name__ == "__main__":
    from app.cli.main import run

    sys.exit(run(sys.argv[1:]))
