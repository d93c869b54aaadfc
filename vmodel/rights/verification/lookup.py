"""Lookup of pictures, film frames and licences in one installation's registry."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Mapping, Sequence
from datetime import date
from functools import cached_property
from typing import TYPE_CHECKING, Any

from cryptography import x509

from vmodel.config import Settings
from vmodel.core.database import Database, now
from vmodel.rights.errors import CertificateInvalid
from vmodel.rights.licence.certificate import Licence, check_certificate, is_issued_by, parse_licence
from vmodel.rights.provenance.keys import Authority, keys_folder, read_authority
from vmodel.rights.registry.original_store import Originals
from vmodel.rights.registry.queries import external_codes, find_by_mark, find_revocation, state_of
from vmodel.rights.registry.tables import RegisteredShot
from vmodel.rights.verification.result import Verdict, Verification
from vmodel.types import ByteArray

if TYPE_CHECKING:
    from vmodel.rights.fingerprint.copy_index import CopyIndex
    from vmodel.rights.fingerprint.registry_match import RegistryMatcher, Resemblance


class Lookup:
    """Search for registered pictures and for their licences' state today."""

    def __init__(
        self,
        settings: Settings,
        database: Database,
        roots: Sequence[x509.Certificate] = (),
        withdrawn: Sequence[x509.CertificateRevocationList] = (),
    ) -> None:
        """Open the registry's files; keys are read if there are some, never made.

        Args:
            settings: of the installation.
            database: of the registry.
            roots: of other installations that are trusted too.
            withdrawn: lists of their withdrawn leaves.
        """
        self.settings = settings
        self.database = database
        folder = keys_folder(settings)
        self.authority: Authority | None = read_authority(folder) if folder.is_dir() else None
        self.roots = [*([self.authority.root] if self.authority else []), *roots]
        own = self.authority.withdrawn if self.authority else None
        self.withdrawn = [*([own] if own is not None else []), *withdrawn]
        self.originals = Originals(settings)
        self._index: CopyIndex | None = None
        self._stale = False

    @cached_property
    def registered(self) -> RegistryMatcher:
        """Registered pictures and film frames to compare with."""
        from vmodel.rights.fingerprint.registry_match import RegistryMatcher

        return RegistryMatcher(self.database, self.originals)

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

    def check(self, certificate: Mapping[str, Any]) -> Licence:
        """Check a licence certificate; one that our own root signed must be as our registry has issued it.

        Whoever got hold of a signer's key can date a licence back to when the key was good, but cannot register it.

        Raises:
            CertificateInvalid: see ``check_certificate``; or our registry has issued no such licence.
        """
        with self.database.reading() as session:
            shot = session.get(RegisteredShot, _id_of(certificate))
        if shot is not None and json.loads(shot.certificate)["licence"] == certificate["licence"]:
            return check_certificate(certificate, self.roots)  # issued by us, whatever became of its key
        licence = check_certificate(certificate, self.roots, self.withdrawn)
        if self.authority is not None and is_issued_by(certificate, self.authority.root):
            raise CertificateInvalid("was signed with a key of this installation, which never issued it", altered=True)
        return licence

    def read_marked(self, read: Callable[[bytes], int | None]) -> RegisteredShot | None:
        """Find the registered picture whose mark is read with the key of its generation.

        Args:
            read: returns the payload that it reads with a key, or None.
        """
        keys = () if self.authority is None else self.authority.mark_keys
        for generation, key in reversed(list(enumerate(keys))):
            payload = read(key)
            if payload is None:
                continue
            with self.database.reading() as session:
                shot = find_by_mark(session, payload)
            # A key that was lost may not mark what is published with later ones.
            if shot is not None and shot.mark_generation == generation:
                return shot
        return None

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


def _id_of(certificate: Mapping[str, Any]) -> str:
    try:
        found = str(certificate["licence"]["id"])
    except (KeyError, TypeError):
        return ""
    return found if re.fullmatch(r"[0-9a-f]{32}", found) else ""


def _unchecked(licence: Licence, today: date) -> str:
    state = state_of(licence, None, today)
    return "unchecked" if state == "valid" else state
