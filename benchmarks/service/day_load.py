"""A peak day's load and the queue's rules in memory, to be run in virtual time by ``benchmarks.service.whole_day``.

The rules are those of ``vmodel.service.jobs.fair_queue`` without tables. To check that they are the same, run both on
the same jobs and compare the order of the turns.
"""

from __future__ import annotations

import bisect
import heapq
import itertools
import math
import random
from collections import deque
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import Protocol

from vmodel.service.jobs.views import PART_SHOTS

HOURS = 24
PICTURES_A_DAY = 1_000_000
_JOB_SHOTS = (1, 2, 4, 4, 6, 8)
_SWING, _BUSIEST_HOUR = 0.6, 15
POSES = ("hand-on-hip", "looking-down", "standing", "walking")
VIEWS = ("front", "back")


@dataclass(frozen=True)
class Ask:
    """One job: so many pictures, front and back of one pose after the other.

    Attributes:
        at: seconds since midnight.
        seller: 0, 1, 2 ...
    """

    at: float
    seller: int
    shots: int


@dataclass(frozen=True)
class Turn:
    """Up to ``PART_SHOTS`` pictures of a job.

    Attributes:
        job: number of the job in the order of the day.
        place: index of the turn within the job.
    """

    job: int
    place: int
    shots: int


class Queue(Protocol):
    """Interface of a queue that a day's load is played on."""

    def submit(self, job: int, ask: Ask) -> None:
        """Submit a seller's request for pictures."""

    def release(self) -> list[Turn]:
        """Hand out the next turns, as many as there is room for."""

    def begin(self, turn: Turn) -> None:
        """Begin a turn in a slot."""

    def begin_shot(self, turn: Turn, number: int) -> None:
        """Begin the turn's picture ``number``."""

    def deliver(self, turn: Turn, number: int) -> None:
        """Deliver and charge the turn's picture ``number``."""

    def end(self, turn: Turn) -> None:
        """End the turn."""


@dataclass(frozen=True)
class Course:
    """Durations of pictures.

    Attributes:
        first_s, pose_s, view_s: seconds of a turn's first picture, of one in another pose, and of one from another
            side.
    """

    name: str
    first_s: float
    pose_s: float
    view_s: float

    def seconds(self, number: int) -> float:
        """Return the seconds of a turn's picture ``number``: each pose is taken from the front and from the back."""
        if number == 0:
            return self.first_s
        return self.view_s if number % len(VIEWS) else self.pose_s


def rate_at(second: float) -> float:
    """Return the load at a moment of the day over the day's mean: 0.4 at three in the morning, 1.6 at three p.m."""
    return 1 + _SWING * math.cos(2 * math.pi * (second / 3600 - _BUSIEST_HOUR) / HOURS)


def ask_all_day(sellers: int, seed: int = 0) -> Iterator[Ask]:
    """Yield the jobs of a day, at random moments, with few busy sellers.

    Args:
        sellers: number of sellers.
        seed: of the random generator.
    """
    rng = random.Random(seed)
    # Zipf, flattened at its head so that no seller nears the 5,000 pictures a day of the shop plan.
    weights = list(itertools.accumulate(1 / (rank + 50) for rank in range(sellers)))
    mean_jobs_a_s = PICTURES_A_DAY / 86_400 / (sum(_JOB_SHOTS) / len(_JOB_SHOTS))
    most = mean_jobs_a_s * (1 + _SWING)
    at, end = 0.0, HOURS * 3600.0
    while (at := at + rng.expovariate(most)) < end:
        if rng.random() * (1 + _SWING) < rate_at(at):
            yield Ask(at, bisect.bisect(weights, rng.random() * weights[-1]), rng.choice(_JOB_SHOTS))


def ask_between(sellers: int, start_s: float, end_s: float) -> Iterator[Ask]:
    """Yield those of the day's jobs that come between two moments."""
    later = itertools.dropwhile(lambda ask: ask.at < start_s, ask_all_day(sellers))
    return itertools.takewhile(lambda ask: ask.at < end_s, later)


def turns_of(shots: int) -> list[int]:
    """Return the number of pictures of each turn of a job."""
    return [min(PART_SHOTS, shots - start) for start in range(0, shots, PART_SHOTS)]


@dataclass
class _Lane:
    seller: str
    most: int
    turn: int = 0
    active: int = 0
    waiting: deque[Turn] = field(default_factory=deque)


class MemoryQueue:
    """Start-time fair queueing as ``vmodel.service.jobs.fair_queue`` has it.

    Args:
        sellers: ids, which break ties between equal turns.
        slots: number of slots of all workers.
        most: largest number of a seller's turns at once.
    """

    def __init__(self, sellers: Sequence[str], slots: int, most: int) -> None:
        self._sellers, self._slots, self._most = sellers, slots, most
        self._lanes: dict[int, _Lane] = {}
        self._owner: dict[int, int] = {}
        self._ready: list[tuple[int, str, int]] = []
        self._clock, self._released = 0, 0
        self.order: list[tuple[int, int]] = []

    def submit(self, job: int, ask: Ask) -> None:
        """Implement ``Queue``."""
        lane = self._lanes.setdefault(ask.seller, _Lane(self._sellers[ask.seller], self._most))
        self._owner[job] = ask.seller
        if not lane.waiting:
            lane.turn = max(lane.turn, self._clock)
        lane.waiting.extend(Turn(job, place, shots) for place, shots in enumerate(turns_of(ask.shots)))
        self._offer(ask.seller)

    def release(self) -> list[Turn]:
        """Implement ``Queue``."""
        given: list[Turn] = []
        while self._released < self._slots and self._ready:
            turn, _, seller = heapq.heappop(self._ready)
            lane = self._lanes[seller]
            if turn != lane.turn or not lane.waiting or lane.active >= lane.most:
                continue
            given.append(lane.waiting.popleft())
            self._clock = max(self._clock, lane.turn)
            lane.turn += given[-1].shots
            lane.active += 1
            self._released += 1
            self._offer(seller)
        # Turns that are handed out together enter the durable queue in the order of their ids.
        given.sort(key=lambda turn: (turn.job, turn.place))
        self.order += [(turn.job, turn.place) for turn in given]
        return given

    def begin(self, turn: Turn) -> None:
        """Implement ``Queue``."""
        self._released -= 1

    def begin_shot(self, turn: Turn, number: int) -> None:
        """Implement ``Queue``; this queue stores nothing about pictures."""

    def deliver(self, turn: Turn, number: int) -> None:
        """Implement ``Queue``."""

    def end(self, turn: Turn) -> None:
        """Implement ``Queue``."""
        seller = self._owner[turn.job]
        self._lanes[seller].active -= 1
        self._offer(seller)

    def _offer(self, seller: int) -> None:
        lane = self._lanes[seller]
        if lane.waiting and lane.active < lane.most:
            heapq.heappush(self._ready, (lane.turn, lane.seller, seller))


@dataclass(frozen=True)
class Outcome:
    """Outcome of a day.

    Attributes:
        waits: (moment of the submit, seconds until the job's first picture began) of each job, in its order.
        busy_s: hour -> seconds that slots worked, summed over all slots.
        delivered: hour -> pictures.
    """

    waits: list[tuple[float, float]]
    busy_s: list[float]
    delivered: list[int]


def play(asks: Iterator[Ask], queue: Queue, slots: int, course: Course) -> Outcome:
    """Play a day or a part of it: the clock jumps from event to event, and the end of a picture is such an event.

    Args:
        asks: jobs in the order of their moments.
        queue: the queue that the day is played on.
        slots: number of pictures made at once.
        course: durations of pictures.
    """
    events: list[tuple[float, int, Turn, int]] = []
    counter, handed, free = itertools.count(), deque[Turn](), slots
    asked: list[float] = []
    first: dict[int, float] = {}
    busy_s, delivered = [0.0] * (HOURS + 1), [0] * (HOURS + 1)

    def hour_of(at: float) -> int:
        return min(HOURS, int(at / 3600))

    def begin_shot(at: float, turn: Turn, number: int) -> None:
        first.setdefault(turn.job, at)
        queue.begin_shot(turn, number)
        seconds = course.seconds(number)
        busy_s[hour_of(at)] += seconds
        heapq.heappush(events, (at + seconds, next(counter), turn, number))

    def hand_out(at: float) -> None:
        nonlocal free
        while True:
            handed.extend(queue.release())
            if not free or not handed:
                return
            while free and handed:
                turn = handed.popleft()
                free -= 1
                queue.begin(turn)
                begin_shot(at, turn, 0)

    coming = next(asks, None)
    while coming is not None or events:
        if coming is not None and (not events or coming.at <= events[0][0]):
            queue.submit(len(asked), coming)
            asked.append(coming.at)
            at, coming = coming.at, next(asks, None)
        else:
            at, _, turn, number = heapq.heappop(events)
            queue.deliver(turn, number)
            delivered[hour_of(at)] += 1
            if number + 1 < turn.shots:
                begin_shot(at, turn, number + 1)
                continue
            queue.end(turn)
            free += 1
        hand_out(at)
    return Outcome([(at, first[job] - at) for job, at in enumerate(asked)], busy_s, delivered)
