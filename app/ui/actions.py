"""Requests that a visitor may send from the page, and the fragments rendered in answer."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from functools import partial
from html import escape
from itertools import count
from pathlib import Path
from typing import Any

import structlog
from starlette.concurrency import run_in_threadpool

from app.api.intake.garments import Change, Uploaded, ingest_garment, read_change
from app.ui.base.i18n import explain_error
from app.ui.fragments import PAGE, Fragments
from app.ui.view_models.order_form import read_order, requests_of
from vmodel.core.crash_log import log_fault
from vmodel.core.storage_faults import explain_fault
from vmodel.core.texts import holds_unstorable
from vmodel.errors import BadUsage, VModelError
from vmodel.limits import MOST_WORN
from vmodel.service.accounts.audit_log import audit
from vmodel.service.accounts.auth import Login
from vmodel.service.accounts.users import create_account, find_account
from vmodel.service.garments.records import StatedAttributes, delete_garment
from vmodel.service.jobs.lifecycle import cancel_job, submit
from vmodel.service.ledger.grants import grant
from vmodel.service.maintenance.retention import delete_job, delete_shot

PageRequest = Mapping[str, Any]
Answer = dict[str, str]
"""HTML by fragment."""
EXAMPLE = Path(__file__).resolve().parent / "static" / "example.jpg"
#: Requests that read a photo, which takes seconds of a processor.
_READING = frozenset({"example", "correct"})
_MOST_JOBS = 200
_signals = count(1)


class PageActions:
    """Handlers of a visitor's requests.

    Args:
        fragments: of the page, in its language.
    """

    def __init__(self, fragments: Fragments) -> None:
        self._fragments, self._here = fragments, fragments.here

    async def receive(self, name: str, login: Login, asked: PageRequest) -> Answer:
        """Answer a request; what reads a photo waits for a reader without holding a thread that others need."""
        answer = partial(self.answer, name, login, asked)
        if name not in _READING:
            return await run_in_threadpool(answer)
        try:
            return await self._here.reading_pool.run(login.identity.account_id, answer)
        except VModelError as error:
            return {"signal": _signal(problem=explain_error(error, self._fragments.words), asked=name)}

    def answer(self, name: str, login: Login, asked: PageRequest) -> Answer:
        """Carry out a request and render what it changed; report a failure in one sentence.

        Args:
            name: of ``ASKS``.
            login: who asks.
            asked: from the browser; untrusted.
        """
        try:
            if holds_unstorable(asked):
                raise BadUsage("The page sent a text that cannot be; reload it.")
            return ASKS[name](self, login, asked)
        except VModelError as error:
            return {"signal": _signal(problem=explain_error(error, self._fragments.words), asked=name)}
        except Exception as error:
            where = log_fault(error, self._here.settings.home, or_on_stderr=True)
            structlog.get_logger().error("page_fault", asked=name, note=where)
            words, known = self._fragments.words, explain_fault(error)
            problem = words["say"]["failed"] if known is None else explain_error(known, words)
            return {"signal": _signal(problem=problem, asked=name)}

    def load_page(self, login: Login, asked: PageRequest) -> Answer:
        """Render every fragment of a page that was just loaded."""
        who = login.identity
        return {
            "header": self._fragments.header(login),
            "garments": self._garments(login, asked),
            "pictures": self._fragments.pictures(who),
            "bar": self._fragments.order_bar(who, None),
            "usage": self._fragments.usage(who),
            "account": self._fragments.account(who),
            "operator": self._fragments.operator(who),
        }

    def poll(self, login: Login, asked: PageRequest) -> Answer:
        """Render the progress of the pictures."""
        most = min(_MOST_JOBS, max(PAGE, _whole(asked, "most", PAGE)))
        return {"header": self._fragments.header(login), "pictures": self._fragments.pictures(login.identity, most)}

    def open_view(self, login: Login, asked: PageRequest) -> Answer:
        """Render the view that was opened."""
        view = _text(asked, "view", "")
        if view == "usage":
            return {"usage": self._fragments.usage(login.identity, _text(asked, "period", ""))}
        if view == "account":
            return {"header": self._fragments.header(login), "account": self._fragments.account(login.identity)}
        if view == "operator":
            return {"operator": self._fragments.operator(login.identity, _text(asked, "find", ""))}
        return self.poll(login, asked)

    def choose(self, login: Login, asked: PageRequest) -> Answer:
        """Render the garments after another one was chosen, or older ones to choose from."""
        return {"garments": self._garments(login, asked)}

    def example(self, login: Login, asked: PageRequest) -> Answer:
        """Take in the bundled flat-lay as the visitor's own garment."""
        login.identity.require("shoot")
        photo = Uploaded(EXAMPLE.read_bytes())
        kept = ingest_garment(self._here, login.identity.account_id, "logo-tee.jpg", photo, StatedAttributes())
        return {"garments": self._fragments.garments(login.identity, kept.id)}

    def correct(self, login: Login, asked: PageRequest) -> Answer:
        """Apply the visitor's correction of a garment: category, sizes, fabric, points, or how its front is worn."""
        login.identity.require("shoot")
        garment_id = _text(asked, "garment", "")
        stated: dict[str, Any] = {}
        for name in ("category", "material"):
            if name in asked:
                stated[name] = _text(asked, name, "") or None
        for name in ("width_cm", "length_cm"):
            if name in asked:
                stated[name] = _number(asked, name)
        if "worn_open" in asked:
            stated["worn_open"] = {"open": True, "closed": False}.get(_text(asked, "worn_open", ""))
        if "landmarks" in asked:
            stated["landmarks"] = _points(asked["landmarks"])
        read_change(self._here, login.identity.account_id, garment_id, Change(stated=stated))
        said = _signal(say=self._fragments.words["garment"]["applied"])
        return {"garments": self._garments(login, asked), "signal": said}

    def delete_garment(self, login: Login, asked: PageRequest) -> Answer:
        """Delete a garment and its files."""
        login.identity.require("manage")
        account_id = login.identity.account_id
        with self._here.database.transaction() as session:
            keys = delete_garment(session, account_id, _text(asked, "garment", ""))
        self._here.drop(account_id, keys)
        said = _signal(say=self._fragments.words["say"]["deleted"])
        return {"garments": self._fragments.garments(login.identity), "signal": said}

    def price(self, login: Login, asked: PageRequest) -> Answer:
        """Render the price of the order."""
        order = read_order(asked.get("order")) if asked.get("order") else None
        return {"bar": self._fragments.order_bar(login.identity, order)}

    def order(self, login: Login, asked: PageRequest) -> Answer:
        """Submit the order as jobs."""
        login.identity.require("shoot")
        order = read_order(asked.get("order"))
        requests = requests_of(order, login.identity, self._here, _text(asked, "key", ""))
        jobs = [submit(self._here.database, self._here.plans, self._here.roster, each) for each in requests]
        said = _signal(say=self._fragments.words["say"]["made"], view="pictures", job=jobs[-1].id)
        return {**self.poll(login, {}), "bar": self._fragments.order_bar(login.identity, order), "signal": said}

    def cancel(self, login: Login, asked: PageRequest) -> Answer:
        """Cancel a job."""
        login.identity.require("shoot")
        cancel_job(self._here.database, login.identity.account_id, _text(asked, "id", ""))
        said = _signal(say=self._fragments.words["say"]["cancelled"])
        return {**self.poll(login, asked), "signal": said}

    def remove(self, login: Login, asked: PageRequest) -> Answer:
        """Delete a picture, or all of a job."""
        login.identity.require("manage")
        here, account_id = self._here, login.identity.account_id
        if "job" in asked:
            delete_job(here.database, here.store, account_id, _text(asked, "job", ""))
        else:
            delete_shot(here.database, here.store, account_id, _text(asked, "shot", ""))
        said = _signal(say=self._fragments.words["say"]["deleted"])
        return {**self.poll(login, asked), "signal": said}

    def grant(self, login: Login, asked: PageRequest) -> Answer:
        """Give an account credits; for operators."""
        login.identity.require("operate")
        units = _whole(asked, "units", 0)
        with self._here.database.transaction() as session:
            account = find_account(session, _text(asked, "id", ""))
            grant(session, account.id, units, _text(asked, "key", ""), note="by the operator")
            audit(session, login.identity.account_id, "ledger.grant", account.id, units=units)
            name = account.name
        said = self._fragments.words["operator"]["granted"].format(n=units, name=name)
        return {"operator": self._fragments.operator(login.identity), "signal": _signal(say=said)}

    def create(self, login: Login, asked: PageRequest) -> Answer:
        """Make an account; for operators."""
        login.identity.require("operate")
        name, email, password = (_text(asked, word, "") for word in ("name", "email", "password"))
        plan = _text(asked, "plan", "")
        self._here.plans.plan(plan)
        with self._here.database.transaction() as session:
            made = create_account(session, name, email, _text(asked, "role", ""), plan, password)
            audit(session, login.identity.account_id, "account.create", made.id, role=made.role)
            shown = made.name
        said = self._fragments.words["operator"]["created"].format(name=shown)
        return {"operator": self._fragments.operator(login.identity), "signal": _signal(say=said)}

    def _garments(self, login: Login, asked: PageRequest) -> str:
        """Render the garments, with those that are chosen in the studio."""
        kept = asked.get("worn_with")
        worn = [each for each in kept if isinstance(each, str)][: MOST_WORN - 1] if isinstance(kept, list) else []
        chosen, before = _text(asked, "garment", ""), _text(asked, "before", "")
        return self._fragments.garments(login.identity, chosen, before, worn)


ASKS: dict[str, Callable[[PageActions, Login, PageRequest], Answer]] = {
    "begin": PageActions.load_page,
    "poll": PageActions.poll,
    "look": PageActions.open_view,
    "choose": PageActions.choose,
    "example": PageActions.example,
    "correct": PageActions.correct,
    "forget": PageActions.delete_garment,
    "price": PageActions.price,
    "order": PageActions.order,
    "cancel": PageActions.cancel,
    "remove": PageActions.remove,
    "grant": PageActions.grant,
    "create": PageActions.create,
}
"""Request by name -> its handler."""


def _signal(**told: str) -> str:
    """Return a message for the page's script, escaped and numbered so that no two are the same."""
    return escape(json.dumps({**told, "number": next(_signals)}))


def _text(asked: PageRequest, name: str, default: str) -> str:
    value = asked.get(name, default)
    if not isinstance(value, str) or len(value) > 400:
        raise BadUsage(f"The page sent a wrong {name}; reload it.")
    return value


def _whole(asked: PageRequest, name: str, default: int) -> int:
    value = asked.get(name, default)
    if isinstance(value, bool) or not isinstance(value, int):
        raise BadUsage(f"The page sent a wrong {name}; reload it.")
    return value


def _number(asked: PageRequest, name: str) -> float | None:
    value = asked.get(name)
    if value is None:
        return None
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise BadUsage(f"The page sent a wrong {name}; reload it.")
    return float(value)


def _points(value: object) -> dict[str, tuple[float, float]]:
    if not isinstance(value, dict) or len(value) > 40:
        raise BadUsage("The page sent wrong points; reload it.")
    points = {}
    for name, point in value.items():
        if not isinstance(name, str) or not isinstance(point, list) or len(point) != 2:
            raise BadUsage("The page sent wrong points; reload it.")
        points[name] = (_number({"x": point[0]}, "x") or 0.0, _number({"x": point[1]}, "x") or 0.0)
    return points
