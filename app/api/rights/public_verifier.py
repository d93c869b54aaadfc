"""Verification of files from anonymous callers: one at a time with a short queue, so that sellers are not held up."""

from __future__ import annotations

from typing import Annotated

from fastapi import Depends, Request
from fastapi.concurrency import run_in_threadpool
from sqlalchemy.orm import Session

from app.api.http.before_body import before_body
from app.api.http.bounded_pool import BoundedPool
from app.api.http.errors import BodyTooLarge
from app.api.http.state import AppState, Here
from vmodel.rights.verification.result import Verification
from vmodel.rights.verification.verifier import Verifier
from vmodel.service.accounts.rate_limit import check_rate, count_in, network_of

MOST_BYTES = 30_000_000
"""Size limit of a picture or film that is verified."""
VERIFIED_A_MINUTE = 20
LOOKED_AT_A_MINUTE = 120
_MOST_WAITING = 20
_MINUTE_S = 60


class PublicVerifier:
    """Verifier of pictures for anonymous callers.

    Args:
        here: the installation.
    """

    def __init__(self, here: AppState) -> None:
        self._here = here
        self._pool = BoundedPool(1, _MOST_WAITING)
        self._verifier: Verifier | None = None

    async def verify(self, content: bytes, name: str, network: str) -> Verification:
        """Verify a file.

        Args:
            content: of the file, untrusted.
            name: for messages.
            network: network of the caller; each network may have a limited number of files in the queue.
        Raises:
            Busy: too many files wait.
            UnreadablePhoto, PhotoTooLarge: it is no picture.
        """
        return await self._pool.run(network, lambda: self._verify(content, name))

    def _verify(self, content: bytes, name: str) -> Verification:
        # Another process may have created the keys since, and may publish pictures at any time.
        if self._verifier is None or self._verifier.authority is None:
            self._verifier = Verifier(self._here.settings, self._here.database)
        self._verifier.refresh()
        return self._verifier.verify(content, name)

    def count(self, request: Request, what: str, a_minute: int) -> str:
        """Count an anonymous caller's request against the rate limit of their network.

        Args:
            request: for its address.
            what: kind of request; each kind is counted separately.
            a_minute: requests allowed per minute.
        Returns:
            The network.
        Raises:
            RateLimited: too many.
        """
        network = network_of(request.client.host if request.client else "")

        def count(session: Session) -> None:
            check_rate(session, f"{what}:{network}", a_minute, _MINUTE_S)

        count_in(self._here.database, count, only_reads=True)
        return network


def check_size(content: bytes) -> None:
    """Refuse a file that is too large to be verified for an anonymous caller.

    Raises:
        BodyTooLarge: more than ``MOST_BYTES``.
    """
    if len(content) > MOST_BYTES:
        raise BodyTooLarge(MOST_BYTES)


async def count_verification(request: Request) -> None:
    """Count the request of an anonymous caller who sends a file; its route finds the network in the request's state.

    Raises:
        RateLimited: too many.
    """
    verifier = await _public_verifier(request, request.app.state.installation)
    request.state.network = await run_in_threadpool(verifier.count, request, "verify", VERIFIED_A_MINUTE)


CountFirst = before_body(count_verification)
"""Routes that count an anonymous caller before they read a body."""


async def _public_verifier(request: Request, here: Here) -> PublicVerifier:
    found: PublicVerifier | None = getattr(request.app.state, "public_verifier", None)
    if found is None:
        found = PublicVerifier(here)
        request.app.state.public_verifier = found
    return found


#: Parameter of a route for anonymous callers.
PublicVerifierDep = Annotated[PublicVerifier, Depends(_public_verifier)]
