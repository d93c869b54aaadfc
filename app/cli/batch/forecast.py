"""Forecast of a batch: its pictures, its duration and its cost."""

from __future__ import annotations

import os
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from app.cli.console import say_warning

if TYPE_CHECKING:
    from vmodel.batch.plan import Plan, Task
    from vmodel.batch.tables.reader import Table
    from vmodel.config import Settings

KEY = "VMODEL_API_KEY"
"""Variable that holds the key of a service."""


def forecast_run(
    table: Table, plan: Plan, out: Path, jobs: int, settings: Settings, service: str | None, as_json: bool
) -> int:
    """Report what a run would do and cost, without making or writing anything.

    Args:
        table: as read.
        plan: of the table.
        out: folder of the pictures; those already there are counted.
        jobs: workers.
        settings: of this installation.
        service: address of the service that would make the pictures; None for this machine.
        as_json: print one object instead of lines.
    Returns:
        The exit code.
    """
    import json

    from app.cli.batch.progress import say_refused
    from vmodel.batch.journal import is_made, read_journal
    from vmodel.batch.time_estimate import expect_seconds, read_speed

    for row in plan.refused:
        say_refused(row, as_json=False)
    made = read_journal(out)
    left = [task for task in plan.tasks if not is_made(made.get(task.key), out)]
    seconds = expect_seconds(left, jobs, read_speed(settings.home))
    forecast = {
        "rows": len(table.rows),
        "refused_rows": len(plan.refused),
        "garments": len({task.request.garment.photo for task in plan.tasks}),
        "pictures": len(plan.tasks),
        "already_made": len(plan.tasks) - len(left),
        "jobs": jobs,
        "seconds": None if seconds is None else round(seconds),
        "credits": _price(left, settings),
    }
    if service is not None:
        forecast["credits_left"] = _available(service)
    if as_json:
        print(json.dumps(forecast))
    else:
        print(_in_words(forecast, service))
    return 1 if plan.refused else 0


def _price(tasks: Sequence[Task], settings: Settings) -> int | None:
    """Return the credits that a service with this installation's plans charges; None without a price for a picture."""
    from vmodel.errors import VModelError
    from vmodel.service.accounts.plans import read_plans

    try:
        plans = read_plans(settings)
        requests = [task.request for task in tasks]
        return sum(plans.price_shot(each.pipeline, each.size, each.steps) for each in requests)
    except VModelError:
        return None


def _available(service: str) -> int | None:
    """Return the account's credits on a service; None if they cannot be read."""
    import httpx

    from vmodel.client import ApiProblem, Client

    try:
        with Client(service, os.environ[KEY]) as client:
            return client.usage().available
    except (ApiProblem, httpx.HTTPError) as error:
        say_warning(f"the credits at {service} are not known ({error})")
        return None


def _in_words(forecast: dict[str, int | None], service: str | None) -> str:
    refused, made = forecast["refused_rows"], forecast["already_made"]
    lines = [counted(forecast["rows"], "row") + (f", {refused} of them refused" if refused else "")]
    lines.append(
        f"{counted(forecast['pictures'], 'picture')} of {counted(forecast['garments'], 'garment')}"
        + (f", {made} of them made already" if made else "")
    )
    seconds = forecast["seconds"]
    if service is None and seconds is None:
        lines.append("time unknown: this machine has made no such pictures yet")
    elif service is None and seconds is not None:
        minutes = f"{seconds // 60} min {seconds % 60:02d} s"
        workers = counted(forecast["jobs"], "worker")
        lines.append(f"about {minutes} with {workers}, by what earlier pictures took here")
    if forecast["credits"] is not None:
        credits = counted(forecast["credits"], "credit")
        if service is None:
            lines.append(f"free on this machine; through the service {credits}")
        else:
            lines.append(f"{credits} by this installation's plans; {service} may have its own")
    if forecast.get("credits_left") is not None:
        lines.append(f"the account has {counted(forecast['credits_left'], 'credit')}")
    return "\n".join(lines)


def counted(number: int | None, what: str) -> str:
    """Format a number with its noun in the singular or plural."""
    return f"{number} {what}" + ("" if number == 1 else "s")
