"""Work on files of strangers in a process of its own, bounded in time and memory.

A file that keeps its reader busy or fills the memory then costs its own process only, never the API or a worker. The
process writes no file, gets none of the settings and secrets in the environment, and its Python code opens no
connection; readers that are not Python (resvg, FFmpeg) are called so that they open none.
"""

from __future__ import annotations

import atexit
import io
import os
import pickle
import subprocess
import sys
import threading
from collections.abc import Callable
from typing import Any, Final, ParamSpec, TypeVar

P = ParamSpec("P")
T = TypeVar("T")

LONGEST_S: Final = 30
"""Processor time of one piece of work."""
LARGEST_MEMORY: Final = 2 * 10**9
"""Address space of its process in bytes."""
DONE, REFUSED, FAULT, MEMORY = "done", "refused", "fault", "memory"
"""Kinds of answer of the process."""
_PASSED_ON: Final = (
    "PATH",
    "PYTHONPATH",
    "PYTHONHOME",
    "PYTHONUSERBASE",
    "HOME",  # of users without an entry in /etc/passwd, as in containers; ezdxf does not load without one
    "LD_LIBRARY_PATH",
    "DYLD_LIBRARY_PATH",
    "LANG",
    "LC_ALL",
    "TMPDIR",
)
# Every thread of a numeric library reserves address space, as much as the machine has processors.
_ONE_THREAD: Final = {"OMP_NUM_THREADS": "1", "OPENBLAS_NUM_THREADS": "1"}
_ANSWERED_WITH: Final = frozenset(
    {("builtins", "ValueError"), ("xml.etree.ElementTree", "Element"), ("numpy", "ndarray"), ("numpy", "dtype")}
    | {(f"numpy.{core}.{module}", name) for core in ("core", "_core") for module, name in (
        ("multiarray", "_reconstruct"), ("multiarray", "scalar"), ("numeric", "_frombuffer"))}
)  # fmt: skip
_Process = subprocess.Popen[bytes]


class BoundExceeded(Exception):
    """The work took more time or memory than the bound; the text says which, as "takes more than 30 s"."""


def run_bounded(work: Callable[P, T], *args: P.args, **kwargs: P.kwargs) -> T:
    """Run a function in a bounded process and return what it returns.

    Within such a process it is called directly, so that readers may use one another.

    Args:
        work: function of a module, which should import little: the process starts with that module.
        args: for it; they must be picklable.
        kwargs: for it; they must be picklable.
    Raises:
        BoundExceeded: it takes more than ``LONGEST_S`` of processor time, twice that in all, or too much memory.
        VModelError, ValueError: what the function raised.
        RuntimeError: it raised anything else, which is a fault of the program; the text has the traceback.
    """
    if _STATE.is_inside:
        return work(*args, **kwargs)
    process = _STATE.take(work) or _start(work)
    try:
        written, said = process.communicate(pickle.dumps((work.__qualname__, args, kwargs)), timeout=2 * LONGEST_S)
    except BaseException as error:
        process.kill()
        process.communicate()
        if isinstance(error, subprocess.TimeoutExpired):
            raise BoundExceeded(f"takes more than {LONGEST_S} s") from None
        raise
    if process.returncode < 0:
        raise BoundExceeded("takes too much time or memory")
    if process.returncode:
        raise RuntimeError(said.decode(errors="replace"))
    kind, content = _Answer(io.BytesIO(written)).load()
    if kind == MEMORY:
        raise BoundExceeded("takes too much memory")
    if kind == FAULT:
        raise RuntimeError(content)
    if kind == REFUSED:
        error_type, error_args, attributes = content
        # Errors for users build their text from other arguments, so they are not made anew.
        refusal = error_type.__new__(error_type, *error_args)
        refusal.__dict__.update(attributes)
        raise refusal
    result: T = content
    return result


def start_ahead(work: Callable[..., Any], *modules: str) -> None:
    """Start a process in the background for the next call of ``run_bounded`` with this function.

    Args:
        work: the function.
        modules: that the process loads meanwhile, because loading them takes longer than the work.
    """
    atexit.register(_STATE.end)  # repeated registration does no harm
    _STATE.begin(work, modules)


def enter() -> None:
    """Declare this process bounded: further work runs in it directly."""
    _STATE.is_inside = True


class _Answer(pickle.Unpickler):
    """Reader of an answer: plain values, arrays, drawings, and vmodel's own classes, but never other functions."""

    def find_class(self, module: str, name: str) -> Any:
        if (module, name) in _ANSWERED_WITH:
            return super().find_class(module, name)
        if module.startswith("vmodel."):
            found = super().find_class(module, name)
            # A name may also lead to what the module merely imports, such as "subprocess.Popen".
            if isinstance(found, type) and found.__module__ == module:
                return found
        raise pickle.UnpicklingError(f"{module}.{name} is no part of an answer")


class _State:
    """The process that was started ahead, and whether this process is a bounded one itself."""

    def __init__(self) -> None:  # no dataclass: every bounded process would spend 10 ms on loading that module
        self.is_inside = False
        self.ahead: _Process | None = None
        self.work: Callable[..., Any] | None = None
        self.owner = 0
        self.lock = threading.Lock()

    def begin(self, work: Callable[..., Any], modules: tuple[str, ...]) -> None:
        with self.lock:
            if self._waiting() is None:
                self.ahead, self.work, self.owner = _start(work, *modules), work, os.getpid()

    def take(self, work: Callable[..., Any] | None) -> _Process | None:
        with self.lock:
            taken = self._waiting() if work in (self.work, None) else None
            self.ahead = None if taken else self.ahead
            return taken

    def end(self) -> None:
        left = self.take(None)
        if left is not None:
            left.communicate()

    def _waiting(self) -> _Process | None:
        # A process that a forked process inherited belongs to its parent.
        usable = self.ahead is not None and self.owner == os.getpid() and self.ahead.poll() is None
        return self.ahead if usable else None


_STATE: Final = _State()


def _start(work: Callable[..., Any], *modules: str) -> _Process:
    command = [sys.executable, "-m", "vmodel.core.bounded_process_main", work.__module__, *modules]
    passed_on = {name: os.environ[name] for name in _PASSED_ON if name in os.environ}
    pipe = subprocess.PIPE
    return subprocess.Popen(command, stdin=pipe, stdout=pipe, stderr=pipe, env={**passed_on, **_ONE_THREAD})
