"""What can go wrong with jobs; the base and the meaning of codes are those of ``vmodel.errors``."""

from __future__ import annotations

from vmodel.errors import InputError, StageError


class JobUnknown(InputError):
    """The account has no such job; another account's looks just the same from outside."""

    code = "job_not_found"

    def __init__(self, job_id: str) -> None:
        super().__init__(f"There is no job {job_id}; list the jobs to see all.")
        self.job_id = job_id


class ShotUnknown(InputError):
    """The account has no such picture; another account's looks just the same from outside."""

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
    """The plan allows no more pictures within 24 hours."""

    code = "daily_limit"
    retryable = True

    def __init__(self, asked: int, left: int, most: int, retry_after_s: int) -> None:
        super().__init__(
            f"This asks for {asked} pictures and {left} of {most} within 24 hours are left; ask for fewer or come back "
            "later."
        )
        self.asked, self.left, self.most, self.retry_after_s = asked, left, most, retry_after_s


class AccountBusy(InputError):
    """A picture of the account is still being made."""

    code = "account_busy"
    retryable = True

    def __init__(self, account_id: str) -> None:
        super().__init__(f"A picture of the account {account_id} is still being made; try again in a minute.")
        self.account_id = account_id


class WorkerLost(StageError):
    """Workers ended again and again while they made a picture."""

    code = "worker_lost"
    retryable = False

    def __init__(self, starts: int) -> None:
        super().__init__(
            f"Making this picture was begun {starts} times and never finished; ask for a smaller one, or tell the "
            "operator."
        )
        self.starts = starts


class ShotStopped(Exception):
    """The picture that is being made is wanted no more: its job was cancelled, or another worker has it.

    It is nobody's error, and no stage may keep it as its outcome, so it is no ``VModelError``.
    """
