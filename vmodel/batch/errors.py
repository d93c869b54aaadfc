"""Errors of a batch as a whole, or of one of its rows.

VModelError
├── InputError
│   ├── TableInvalid        the table as a whole cannot be used
│   ├── RowInvalid          one row of it
│   └── CellInvalid         one cell of a row names what cannot be used
├── SetupError
│   ├── BatchRunning        another run writes to the folder
│   └── StartFailed         no worker can begin
└── StageError
    └── WorkerDied          the process that made the picture was ended from outside
"""

from __future__ import annotations

from vmodel.errors import InputError, SetupError, StageError, VModelError


class TableInvalid(InputError):
    """The folder or table cannot be read, or has no photos."""

    code = "table_invalid"

    def __init__(
        self, path: str, reason: str, remedy: str = "`vmodel batch --template FILE` writes a table to start from"
    ) -> None:
        super().__init__(f"{path} {reason}; {remedy}.")
        self.path, self.reason = path, reason


class RowInvalid(InputError):
    """A row does not say what to make; ``column`` is that of the cell at fault, empty if there is no single one."""

    code = "row_invalid"

    def __init__(self, reason: str, remedy: str, column: str = "") -> None:
        super().__init__(f"{reason}; {remedy}.")
        self.reason, self.column = reason, column


class CellInvalid(InputError):
    """A cell names something that cannot be used; ``code`` and message are those of the underlying fault."""

    def __init__(self, column: str, fault: VModelError) -> None:
        super().__init__(str(fault))
        self.code = fault.code  # type: ignore[misc]
        self.column = column


class BatchRunning(SetupError):
    """Two runs must not write to one folder."""

    code = "batch_running"
    retryable = True

    def __init__(self, folder: str) -> None:
        super().__init__(f"Another batch is writing to {folder}; wait for its end or choose another --out.")
        self.folder = folder


class WorkerDied(StageError):
    """A worker process was killed, mostly for lack of memory."""

    code = "worker_died"

    def __init__(self) -> None:
        super().__init__(
            "The worker process was ended from outside twice while it made this picture, mostly for want of memory; "
            "run the batch again with fewer --jobs."
        )


class StartFailed(SetupError):
    """No worker can begin; ``code`` and message are those of the underlying fault."""

    def __init__(self, code: str, message: str) -> None:
        super().__init__(message)
        self.code = code  # type: ignore[misc]
