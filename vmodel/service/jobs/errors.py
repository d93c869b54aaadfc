"""Errors of jobs; ``vmodel.errors`` defines the base classes and the meaning of codes."""

from __future__ import annotations

from vmodel.errors import InputError, StageError


class JobUnknown(InputError):
    """Unknown job of this account; another account's job raises the same error."""

    code = "job_not_found"

    def __init__(self, job_id: str) -> None:
        super().__init__(f"There is no job {job_id}; list the jobs to see all.")
        self.job_id = job_id


class ShotUnknown(InputError):
    """Unknown picture of this account; another account's picture raises the same error."""

    code = "shot_not_found"

    def __init__(self, shot_id: str) -> None:
        super().__init__(f"There is no picture {shot_id}; list the jobs to see all.")
        self.shot_id = shot_id


class TooManyShots(InputError):
    """More pictures than one job may have."""

    code = "too_many_shots"

    def __init__(self, asked: int, most: int) -> None:
        super().__init__(f"The job asks for {asked} pictures; divide it into jobs of at most {most}.")
        self.asked, self.most = asked, most


class DayFull(InputError):
    """Daily limit of the plan: no more pictures within 24 hours."""

    code = "daily_limit"
    retryable = True

    def __init__(self, asked: int, left: int, most: int, retry_after_s: int) -> None:
        super().__init__(
            f"This asks for {asked} pictures and {left} of {most} within 24 hours are left; ask for fewer or come back "
            "later."
        )
        self.asked, self.left, self.most, self.retry_after_s = asked, left, most, retry_after_s


class AccountBusy(InputError):
    """Account with a picture that is still being made."""

    code = "account_busy"
    retryable = True

    def __init__(self, account_id: str) -> None:
        super().__init__(f"A picture of the account {account_id} is still being made; try again in a minute.")
        self.account_id = account_id


class WorkerLost(StageError):
    """Picture whose workers ended again and again while making it."""

    code = "worker_lost"
    retryable = False

    def __init__(self, starts: int) -> None:
        super().__init__(
            f"Making this picture was begun {starts} times and never finished; ask for a smaller one, or tell the "
            "operator."
        )
        self.starts = starts


class ShotStopped(Exception):
    """Signal to stop making a picture: its job was cancelled, or another worker has it.

    It is not a failure, and no stage may record it as its outcome, so it is not a ``VModelError``.
    """
