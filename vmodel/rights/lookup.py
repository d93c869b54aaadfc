"""What one installation's registry knows of a picture, a frame of a film, or a licence."""

from __future__ import annotations

import json
from collections.abc import Sequence
from datetime import date
from functools import cached_property
from typing import TYPE_CHECKING

from cryptography import x509

from vmodel.config import Settings
from vmodel.database import Database, now
from vmodel.rights.certificate import Licence, parse_licence
from vmodel.rights.keys import Authority, keys_folder, read_authority
from vmodel.rights.originals import Originals
from vmodel.rights.registry import RegisteredShot
from vmodel.rights.shots import external_codes, find_revocation, state_of
from vmodel.rights.verdict import Verdict, Verification
from vmodel.types import ByteArray

if TYPE_CHECKING:
    from vmodel.rights.copies import CopyIndex
    from vmodel.rights.resemblance import Registered, Resemblance


class Lookup:
    """Finds registered pictures, and says how their licences stand today."""

    def __init__(self, settings: Settings, database: Database, roots: Sequence[x509.Certificate] = ()) -> None:
        """Open what is asked; keys are used where there are some, never made.

        Args:
            settings: of the installation.
            database: of the registry.
            roots: of other installations, trusted too.
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
        """What pictures are compared with."""
        from vmodel.rights.resemblance import Registered

        return Registered(self.database, self.originals)

    def look_alike(self, picture: ByteArray) -> Resemblance | None:
        """What of all that is registered a picture, (H, W, 3) uint8, shows; the most alike where there are several."""
        return self.registered.find(picture, self._opened_index())

    def refresh(self) -> None:
        """Take in what was published since the last answer, once the index is asked again."""
        self._stale = True

    def _opened_index(self) -> CopyIndex:
        from vmodel.rights.catalogue import bring_up_to_date, open_index

        if self._index is None:
            self._index = open_index(self.settings, self.database)
        elif self._stale:
            self._index = bring_up_to_date(self._index, self.settings, self.database)
        self._stale = False
        return self._index

    def with_licence(self, verdict: Verdict, reason: str, found_by: str, shot: RegisteredShot) -> Verification:
        """An answer with the licence of a registered picture."""
        return self.answer(verdict, reason, found_by, parse_licence(json.loads(shot.certificate)))

    def answer(self, verdict: Verdict, reason: str, found_by: str, licence: Licence) -> Verification:
        """An answer with what the registry says of the licence today."""
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
