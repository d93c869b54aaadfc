"""Lookup of pictures, film frames and licences in one installation's registry."""

from __future__ import annotations

import json
from collections.abc import Sequence
from datetime import date
from functools import cached_property
from typing import TYPE_CHECKING

from cryptography import x509

from vmodel.config import Settings
from vmodel.core.database import Database, now
from vmodel.rights.licence.certificate import Licence, parse_licence
from vmodel.rights.provenance.keys import Authority, keys_folder, read_authority
from vmodel.rights.registry.original_store import Originals
from vmodel.rights.registry.queries import external_codes, find_revocation, state_of
from vmodel.rights.registry.tables import RegisteredShot
from vmodel.rights.verification.result import Verdict, Verification
from vmodel.types import ByteArray

if TYPE_CHECKING:
    from vmodel.rights.fingerprint.copy_index import CopyIndex
    from vmodel.rights.fingerprint.registry_match import Registered, Resemblance


class Lookup:
    """Search for registered pictures and for their licences' state today."""

    def __init__(self, settings: Settings, database: Database, roots: Sequence[x509.Certificate] = ()) -> None:
        """Open the registry's files; keys are read if there are some, never made.

        Args:
            settings: of the installation.
            database: of the registry.
            roots: of other installations that are trusted too.
        """
        self.settings = settings
        self.database = database
        folder = keys_folder(settings)
        self.authority: Authority | None = read_authority(folder) if folder.is_dir() else None
        self.roots = [*([self.authority.root] if self.authority else []), *roots]
        self.originals = Originals(settings)
        self._index: CopyIndex | None = None
        self._stale = False

    @cached_property
    def registered(self) -> Registered:
        """Registered pictures and film frames to compare with."""
        from vmodel.rights.fingerprint.registry_match import Registered

        return Registered(self.database, self.originals)

    def look_alike(self, picture: ByteArray) -> Resemblance | None:
        """Find the registered picture or frame that a picture, (H, W, 3) uint8, shows: the most similar of several."""
        return self.registered.find(picture, self._opened_index())

    def refresh(self) -> None:
        """Let the next search include what was published since the last one."""
        self._stale = True

    def _opened_index(self) -> CopyIndex:
        from vmodel.rights.fingerprint.index_store import bring_up_to_date, open_index

        if self._index is None:
            self._index = open_index(self.settings, self.database)
        elif self._stale:
            self._index = bring_up_to_date(self._index, self.settings, self.database)
        self._stale = False
        return self._index

    def with_licence(self, verdict: Verdict, reason: str, found_by: str, shot: RegisteredShot) -> Verification:
        """Build an answer with the licence of a registered picture."""
        return self.answer(verdict, reason, found_by, parse_licence(json.loads(shot.certificate)))

    def answer(self, verdict: Verdict, reason: str, found_by: str, licence: Licence) -> Verification:
        """Build an answer with the licence's state in the registry today."""
        with self.database.transaction() as session:
            known = session.get(RegisteredShot, licence.id) is not None
            revocation = find_revocation(session, licence.id)
            codes = external_codes(session, licence.id)
        if revocation is not None:
            reason = f"{reason}; its licence was revoked on {revocation.revoked_at:%Y-%m-%d}: {revocation.reason}"
        state = state_of(licence, revocation, now().date()) if known else _unchecked(licence, now().date())
        return Verification(verdict, reason, found_by, licence, state, tuple(sorted(codes.items())))


def _unchecked(licence: Licence, today: date) -> str:
    state = state_of(licence, None, today)
    return "unchecked" if state == "valid" else state
