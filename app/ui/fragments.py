"""Fragments of the page for one visitor in one language."""

from __future__ import annotations

import contextlib
import json
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from markupsafe import Markup

from app.api.http.state import AppState
from app.ui.base.downloads import WAYS
from app.ui.base.i18n import LANGUAGES, Words, explain_code, explain_error, explain_warning, label_stages, load_words
from app.ui.base.templating import render
from app.ui.view_models.casting import show_chooser, usable_pipelines
from app.ui.view_models.designer import show_designer
from app.ui.view_models.jobs import photos_of, show_jobs
from app.ui.view_models.order_form import FORMATS, Order, price_order
from app.ui.view_models.queries import names_of_files, read_balance, read_overview
from vmodel.core.database import now
from vmodel.errors import VModelError
from vmodel.service.accounts.auth import SCOPES, Identity, Login, list_api_keys
from vmodel.service.accounts.logins import list_logins
from vmodel.service.accounts.notices import count_unread, describe, list_notices
from vmodel.service.accounts.one_time_codes import factor_state
from vmodel.service.accounts.users import PASSWORD_LENGTH, find_account
from vmodel.service.garments.errors import GarmentUnknown
from vmodel.service.garments.records import StoredGarment, find_garment, list_garments
from vmodel.service.jobs.lifecycle import list_jobs
from vmodel.service.ledger.entries import period_of
from vmodel.service.ledger.statement_html import draw_chart
from vmodel.service.ledger.statements import list_periods, make_statement
from vmodel.shot.request import parse_size
from vmodel.types import Category

_LINES = 200
STRIP = 60
"""Garments that are shown at first; a visitor may request older ones."""
_OTHERS = 24
"""Garments that are offered for an outfit with the chosen one."""
PAGE = 12
"""Jobs that are shown at first; a visitor may request more."""


@dataclass(frozen=True)
class Fragments:
    """Renderer of the page's fragments.

    Attributes:
        here: the installation.
        language: of ``app.ui.base.i18n``.
    """

    here: AppState
    language: str

    @property
    def words(self) -> Words:
        """Every text in this language."""
        return load_words(self.language)

    def empty_header(self) -> str:
        """Render the header before the visitor is known."""
        return self._header("", "", False, None)

    def header(self, login: Login) -> str:
        """Render the header: who is signed in, their credits and the navigation."""
        who = login.identity
        available = read_balance(self.here, who).available
        with self.here.database.reading() as session:
            unread = count_unread(session, who.account_id)
        return self._header(login.csrf, who.account_id, who.role == "operator", available, unread)

    def chooser(self) -> str:
        """Render the choice of models, poses, and how the picture is taken."""
        return show_chooser(self.here, self.language)

    def designer(self) -> str:
        """Render the form in which designs are made."""
        return show_designer(self.here, self.language)

    def viewer(self) -> str:
        """Render the viewer of an enlarged picture, still empty, and the texts of the page's script."""
        words = self.words
        told = {
            "reading": words["garment"]["reading"],
            "chosen": words["models"]["chosen"],
            "stages": label_stages(words),
            "errors": words["errors"],
        }
        sayings = json.dumps({**words["say"], **told})
        return render("viewer.html", self.language, ways=WAYS, sayings=sayings)

    def garments(self, identity: Identity, chosen_id: str = "", before: str = "", worn_with: Sequence[str] = ()) -> str:
        """Render the visitor's garments and what was recognised of the chosen one; the newest without a choice.

        Args:
            identity: whose.
            chosen_id: of a garment of any age; an unknown one counts as no choice.
            before: id; garments older than it are shown instead of the newest.
            worn_with: ids of garments of any age that are offered for the outfit.
        """
        from vmodel.drape.cloth.materials import load_materials

        with self.here.database.reading() as session:
            found = list_garments(session, identity.account_id, STRIP + 1, before or None)
            more, found = len(found) > STRIP, found[:STRIP]
            wanted = {each.id: each for each in found}
            for garment_id in (chosen_id, *worn_with):
                if garment_id and garment_id not in wanted:
                    with contextlib.suppress(GarmentUnknown):
                        wanted[garment_id] = find_garment(session, identity.account_id, garment_id)
        chosen = wanted.get(chosen_id) or (found[0] if found else None)
        worn = [wanted[each] for each in worn_with if each in wanted]
        others = [each for each in dict.fromkeys([*worn, *found]) if each is not chosen and each.understood]
        problem = chosen.problem if chosen is not None else None
        seen: dict[str, Any] = (chosen.understood if chosen is not None else None) or {}
        return render(
            "garments.html",
            self.language,
            garments=found if chosen is None or chosen in found else [chosen, *found],
            chosen=chosen,
            older=found[-1].id if more else "",
            newest=not before,
            warnings=[explain_warning(each, self.words) for each in seen.get("warnings", ())],
            asked=seen.get("hypotheses", ()) if seen.get("question") else (),
            others=others[:_OTHERS],
            explained=explain_code(problem["code"], problem["message"], self.words) if problem else "",
            details=self._details(chosen),
            categories=[each.value for each in Category],
            materials=list(load_materials()),
            max_mb=f"{self.here.settings.max_upload_mb:g}",
        )

    def order_bar(self, identity: Identity, order: Order | None) -> str:
        """Render the price of the order, or why it would be refused."""
        pictures, credits, problem = 0, 0, ""
        available = read_balance(self.here, identity).available
        if order is not None:
            try:
                pictures, credits = price_order(order, identity, self.here)
            except VModelError as error:
                problem = explain_error(error, self.words)
        return render(
            "bar.html", self.language, pictures=pictures, credits=credits, available=available, problem=problem
        )

    def pictures(self, identity: Identity, most: int = PAGE) -> str:
        """Render the visitor's jobs, the newest first, with their pictures or their progress."""
        jobs = list_jobs(self.here.database, identity.account_id, most + 1)
        with self.here.database.reading() as session:
            kept = names_of_files(session, identity.account_id, photos_of(jobs))
        shown = show_jobs(jobs[:most], kept, self.here, self.words)
        is_open = any(job.is_open for job in jobs[:most])
        return render("pictures.html", self.language, jobs=shown, more=len(jobs) > most, open=is_open)

    def usage(self, identity: Identity, period: str | None = None) -> str:
        """Render credits, chart and statement of a month; by default the newest month that has entries."""
        left = read_balance(self.here, identity)
        this_month = period_of(now())
        with self.here.database.reading() as session:
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

    def account(self, identity: Identity) -> str:
        """Render the visitor's own account."""
        with self.here.database.reading() as session:
            account = find_account(session, identity.account_id)
            logins = list_logins(session, account.id)
            factor = factor_state(session, account.id)
            notices, unread = list_notices(session, account.id), count_unread(session, account.id)
            found = [key for key in reversed(list_api_keys(session, account.id)) if key.revoked_at is None]
        at = now()
        found.sort(
            key=lambda key: key.expires_at is not None and key.expires_at <= at
        )  # the valid ones are not cut off
        return render(
            "account.html",
            self.language,
            account=account,
            password_length=PASSWORD_LENGTH,
            factor=factor,
            notices=[(each, describe(each.kind, each.details, self.language)) for each in notices],
            unread=unread,
            api_keys=found[:_LINES],
            scopes=[scope for scope in SCOPES if scope in identity.scopes],
            logins=logins,
            login_id=identity.login_id,
            usual_days=str(self.here.settings.key_days),
            now=at,
        )

    def operator(self, identity: Identity, find: str = "") -> str:
        """Render the installation as its operator sees it; nothing for other visitors.

        Args:
            identity: who looks.
            find: part of the name or address of the accounts that are shown, or an id.
        """
        if "operate" not in identity.scopes:
            return ""
        seen, plans = read_overview(self.here, find), list(self.here.plans.plans)
        return render("operator.html", self.language, seen=seen, now=now(), plans=plans, find=find)

    def _header(self, csrf: str, account: str, is_operator: bool, available: int | None, unread: int = 0) -> str:
        others = [(each, load_words(each)["language"]) for each in LANGUAGES if each != self.language]
        return render(
            "header.html",
            self.language,
            csrf=csrf,
            account=account,
            is_operator=is_operator,
            available=available,
            unread=unread,
            languages=others,
            max_bytes=self.here.settings.max_upload_bytes,
            max_mb=f"{self.here.settings.max_upload_mb:g}",
        )

    def _details(self, garment: StoredGarment | None) -> str:
        seen: dict[str, Any] = (garment.understood if garment is not None else None) or {}
        if not seen:
            return ""
        words = self.words
        upper = seen["category"] in {"top", "dress", "jumpsuit", "outerwear", "swimwear"}
        kinds = ("sleeve", "neckline", "length") if upper else ("length",)
        named = [str(words[kind].get(seen[kind], "")) for kind in kinds]
        joined = ("，" if self.language == "zh" else ", ").join(name for name in named if name)
        return joined[:1].upper() + joined[1:]
