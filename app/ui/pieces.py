"""The page's pieces for one visitor in one language."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import Any

from markupsafe import Markup

from app.api.installation import Installation
from app.ui.casting_cards import show_chooser, usable_pipelines
from app.ui.designer import show_designer
from app.ui.job_cards import show_jobs
from app.ui.looking import look_over, names_of_files, read_balance
from app.ui.orders import FORMATS, Order, price_order
from app.ui.packing import WAYS
from app.ui.rendering import render
from app.ui.words import LANGUAGES, Words, explain, explain_code, load_words
from vmodel.database import now
from vmodel.errors import VModelError
from vmodel.request import parse_size
from vmodel.service.access import Identity, Login
from vmodel.service.books import period_of
from vmodel.service.garments import StoredGarment, list_garments
from vmodel.service.jobs import list_jobs
from vmodel.service.statement_page import draw_chart
from vmodel.service.statements import list_periods, make_statement
from vmodel.types import Category

_LINES = 200
_OTHERS = 24
"""Garments that are offered to be worn with the chosen one."""
PAGE = 12
"""Jobs that are shown before more are asked for."""


@dataclass(frozen=True)
class Pieces:
    """Renders pieces of the page.

    Attributes:
        here: the installation.
        language: of ``app.ui.words``.
    """

    here: Installation
    language: str

    @property
    def words(self) -> Words:
        """Every text in this language."""
        return load_words(self.language)

    def empty_header(self) -> str:
        """The header before it is known who looks."""
        return self._header("", "", False, None)

    def header(self, login: Login) -> str:
        """Who is signed in, with their credits and the ways through the page."""
        who = login.identity
        available = read_balance(self.here, who).available
        return self._header(login.csrf, who.account_id, who.role == "operator", available)

    def chooser(self) -> str:
        """Models, poses, and how the picture is taken."""
        return show_chooser(self.here, self.language)

    def designer(self) -> str:
        """Where designs are made."""
        return show_designer(self.here, self.language)

    def viewer(self) -> str:
        """The enlarged picture, still empty, and what the page's script may have to say."""
        words = self.words
        told = {
            "reading": words["garment"]["reading"],
            "chosen": words["models"]["chosen"],
            "errors": words["errors"],
        }
        sayings = json.dumps({**words["say"], **told})
        return render("viewer.html", self.language, ways=WAYS, sayings=sayings)

    def garments(self, identity: Identity, chosen_id: str | None = None) -> str:
        """The visitor's garments and what was understood of the chosen one; the newest without a choice."""
        from vmodel.drape.materials import load_materials

        with self.here.database.transaction() as session:
            found = list_garments(session, identity.account_id, 60)
        chosen = next((each for each in found if each.id == chosen_id), found[0] if found else None)
        problem = chosen.problem if chosen is not None else None
        return render(
            "garments.html",
            self.language,
            garments=found,
            chosen=chosen,
            others=[each for each in found if each is not chosen and each.understood][:_OTHERS],
            explained=explain_code(problem["code"], problem["message"], self.words) if problem else "",
            details=self._details(chosen),
            categories=[each.value for each in Category],
            materials=list(load_materials()),
            max_mb=f"{self.here.settings.max_upload_mb:g}",
        )

    def bar(self, identity: Identity, order: Order | None) -> str:
        """What the order would cost, or why it cannot be."""
        pictures, credits, problem = 0, 0, ""
        available = read_balance(self.here, identity).available
        if order is not None:
            try:
                pictures, credits = price_order(order, identity, self.here)
            except VModelError as error:
                problem = explain(error, self.words)
        return render(
            "bar.html", self.language, pictures=pictures, credits=credits, available=available, problem=problem
        )

    def pictures(self, identity: Identity, most: int = PAGE) -> str:
        """The visitor's jobs, the newest first, with their pictures or how far these are."""
        jobs = list_jobs(self.here.database, identity.account_id, most + 1)
        with self.here.database.transaction() as session:
            kept = names_of_files(session, identity.account_id)
        shown = show_jobs(jobs[:most], kept, self.here, self.words)
        is_open = any(job.is_open for job in jobs[:most])
        return render("pictures.html", self.language, jobs=shown, more=len(jobs) > most, open=is_open)

    def usage(self, identity: Identity, period: str | None = None) -> str:
        """Credits, chart and statement of a month; this month without one."""
        left = read_balance(self.here, identity)
        this_month = period_of(now())
        with self.here.database.transaction() as session:
            periods = list_periods(session, identity.account_id) or [this_month]
            statement = make_statement(session, identity.account_id, period if period in periods else periods[0])
        lines = statement.lines[::-1][:_LINES]
        plans, pipelines = self.here.plans, usable_pipelines(self.here)
        prices = [
            (name, [plans.price_shot(pipeline, parse_size(size)) for pipeline in pipelines])
            for name, size in FORMATS.items()
        ]
        return render(
            "usage.html",
            self.language,
            balance=left,
            plan=plans.plan(identity.plan),
            plan_name=identity.plan,
            periods=periods,
            statement=statement,
            lines=lines,
            chart=Markup(draw_chart(statement, self.words["usage"]["chart"])),
            pipelines=pipelines,
            price_rows=prices,
        )

    def operator(self, identity: Identity) -> str:
        """The installation as its operator sees it; nothing for anybody else."""
        if "operate" not in identity.scopes:
            return ""
        return render(
            "operator.html", self.language, seen=look_over(self.here), now=now(), plans=list(self.here.plans.plans)
        )

    def _header(self, csrf: str, account: str, is_operator: bool, available: int | None) -> str:
        others = [(each, load_words(each)["language"]) for each in LANGUAGES if each != self.language]
        return render(
            "header.html",
            self.language,
            csrf=csrf,
            account=account,
            is_operator=is_operator,
            available=available,
            languages=others,
            max_bytes=self.here.settings.max_upload_bytes,
            max_mb=f"{self.here.settings.max_upload_mb:g}",
        )

    def _details(self, garment: StoredGarment | None) -> str:
        seen: dict[str, Any] = (garment.understood if garment is not None else None) or {}
        if not seen:
            return ""
        words = self.words
        upper = seen["category"] in {"top", "dress", "jumpsuit", "outerwear"}
        kinds = ("sleeve", "neckline", "length") if upper else ("length",)
        named = [str(words[kind].get(seen[kind], "")) for kind in kinds]
        joined = ("，" if self.language == "zh" else ", ").join(name for name in named if name)
        return joined[:1].upper() + joined[1:]
