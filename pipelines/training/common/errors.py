"""Errors of training; the base and the meaning of codes are those of ``vmodel.errors``.

SetupError
└── TrainingMemoryExhausted
"""

from __future__ import annotations

from vmodel.errors import SetupError


class TrainingMemoryExhausted(SetupError):
    """Memory ran out during a training."""

    code = "training_memory_exhausted"
    retryable = True

    def __init__(self, step: int, remedies: str, kept: str | None) -> None:
        learnt = f"what was learnt is kept in {kept}, and the same command goes on from there"
        super().__init__(
            f"Memory ran out after {step} steps: {remedies}; {learnt if kept else 'nothing was learnt yet'}."
        )
        self.step, self.kept = step, kept
