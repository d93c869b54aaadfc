"""Bounded process: ``python -m vmodel.core.bounded_process_main MODULE [MODULE ...]``, see ``bounded_process``.

Its input is a pickle of (name of a function of the first module, its arguments), its output that of (kind of answer,
content). While it waits for input it ends with its parent; work that it has begun ends within its bounds.
"""

from __future__ import annotations

import pickle
import resource
import sys
import traceback
from importlib import import_module
from typing import Any

from vmodel.core import bounded_process
from vmodel.core.bounded_process import DONE, FAULT, LARGEST_MEMORY, LONGEST_S, MEMORY, REFUSED
from vmodel.errors import VModelError


def _main() -> None:
    module, *_ = [import_module(name) for name in sys.argv[1:]]
    content = sys.stdin.buffer.read()
    if not content:  # it was started ahead, and there was no file for it after all
        return
    name, args, kwargs = pickle.loads(content)
    bounded_process.enter()
    _bound()
    answer = _answer(getattr(module, name), args, kwargs)
    try:
        written = pickle.dumps(answer)
    except MemoryError:
        written = pickle.dumps((MEMORY, None))
    sys.stdout.buffer.write(written)


def _bound() -> None:
    resource.setrlimit(resource.RLIMIT_AS, (LARGEST_MEMORY, LARGEST_MEMORY))
    resource.setrlimit(resource.RLIMIT_CPU, (LONGEST_S, LONGEST_S))
    resource.setrlimit(resource.RLIMIT_FSIZE, (0, 0))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))

    def refuse(event: str, _: tuple[Any, ...]) -> None:
        if event.startswith(("socket.", "subprocess.", "os.exec", "os.fork", "os.posix_spawn", "os.system")):
            raise PermissionError(f"{event} in a bounded process")

    sys.addaudithook(refuse)


def _answer(work: Any, args: Any, kwargs: Any) -> tuple[str, Any]:
    try:
        return DONE, work(*args, **kwargs)
    except MemoryError:
        return MEMORY, None
    except (VModelError, ValueError) as error:
        kind = type(error) if isinstance(error, VModelError) else ValueError
        return REFUSED, (kind, error.args if kind is not ValueError else (str(error),), error.__dict__)
    except Exception:
        return FAULT, traceback.format_exc()


if __name__ == "__main__":
    _main()
