"""Pictures kept for verification: shown small without decoding what is not shown."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import numpy as np

from vmodel.config import Settings
from vmodel.rights.registry.original_store import Originals

LICENCE = "0" * 32
_SHOW = """
import re, sys
from pathlib import Path
from vmodel.config import Settings
from vmodel.rights.registry.original_store import Originals
kept = Originals(Settings(home=Path(sys.argv[1])))
kept.small("1" * 32, 160)
# Unlike what getrusage tells, this peak is of this program alone, not of the one that started it.
peak = lambda: int(re.search(r"VmHWM:\\s+(\\d+) kB", Path("/proc/self/status").read_text())[1]) // 1024
before = peak()
kept.small("0" * 32, 160)
print(peak() - before)
"""


def test_a_large_picture_is_shown_small_in_little_memory(tmp_path: Path) -> None:
    kept = Originals(Settings(home=tmp_path))
    large = np.zeros((6000, 8000, 3), np.uint8)
    large[:, :4000] = (200, 40, 40)
    kept.put(LICENCE, large)
    kept.put("1" * 32, large[:600, :800])
    shown = kept.small(LICENCE, 160)
    assert shown is not None
    assert shown.shape == (120, 160, 3)
    assert np.abs(shown[60, 20].astype(int) - (200, 40, 40)).max() <= 6
    assert shown[60, 140].max() <= 6
    command = [sys.executable, "-c", _SHOW, str(tmp_path)]
    more_mb = int(subprocess.run(command, capture_output=True, text=True, check=True).stdout)
    assert more_mb < 48_000_000 * 3 / 1e6 / 2, "less than half of the decoded picture"
    assert kept.small("2" * 32, 160) is None
