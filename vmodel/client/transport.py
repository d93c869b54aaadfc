"""HTTP connection to one installation: requests with a key, retries where allowed, and refusals as errors."""

from __future__ import annotations

import time
from collections.abc import Iterator, Mapping
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import httpx

from vmodel.client.models import ApiProblem

TRIES = 4
"""Number of tries of a repeatable request."""
_LONGEST_WAIT_S = 60.0
_AGAIN = frozenset({429, 502, 503, 504})


class Connection:
    """HTTP connection to one installation; ``Client`` describes the arguments."""

    def __init__(self, url: str, key: str, timeout_s: float, transport: httpx.BaseTransport | None) -> None:
        headers = {"Authorization": f"Bearer {key}", "User-Agent": "vmodel-client"}
        self._http = httpx.Client(base_url=url, headers=headers, timeout=timeout_s, transport=transport)

    def close(self) -> None:
        """Close the connections."""
        self._http.close()

    def get(self, path: str, wanted: Mapping[str, Any] | None = None) -> Any:
        """Return the JSON at an address, with retries where they help."""
        return self.again("GET", path, params=dict(wanted or {}))

    def again(self, method: str, path: str, **request: Any) -> Any:
        """Return the JSON answer to a request that may be made more than once, or None."""
        answer = self.answer(method, path, TRIES, **request)
        return answer.json() if answer.content else None

    def send(self, method: str, path: str, **request: Any) -> Any:
        """Return the JSON answer to a request that is made once, or None."""
        answer = self.answer(method, path, 1, **request)
        return answer.json() if answer.content else None

    def upload(
        self,
        method: str,
        path: str,
        parts: Mapping[str, Path | bytes | None],
        said: Mapping[str, Any] | None = None,
    ) -> Any:
        """Send files, by the name of their part; those that are None are left out."""
        with ExitStack() as opened:
            files: dict[str, Any] = {}
            for part, file in parts.items():
                if isinstance(file, Path):
                    files[part] = (file.name, opened.enter_context(file.open("rb")))
                elif file is not None:
                    files[part] = (part, file)
            return self.send(method, path, files=files, data=dict(said or {}))

    def lines(self, path: str) -> Iterator[str]:
        """Yield the lines of a stream while it is open.

        Raises:
            ApiProblem: the service refused it.
            httpx.TransportError: it broke, or was silent for a minute.
        """
        with self._http.stream("GET", path, timeout=httpx.Timeout(10, read=60)) as stream:
            if stream.is_error:
                stream.read()
                raise _problem(stream)
            yield from stream.iter_lines()

    def answer(self, method: str, path: str, tries: int, **request: Any) -> httpx.Response:
        """Return the answer to a request, made at most ``tries`` times.

        Raises:
            ApiProblem: the service refused it.
            httpx.TransportError: the service cannot be reached.
        """
        for left in reversed(range(tries)):
            try:
                answer = self._http.request(method, path, **request)
            except httpx.TransportError:
                if not left:
                    raise
                time.sleep(2.0 ** (tries - left - 1))
                continue
            if answer.is_error and not (left and answer.status_code in _AGAIN):
                raise _problem(answer)
            if not answer.is_error:
                return answer
            time.sleep(_asked_wait_s(answer))
        raise AssertionError("unreachable")


def _asked_wait_s(answer: httpx.Response) -> float:
    stated = answer.headers.get("retry-after", "")
    return min(float(stated) if stated.isdigit() else 2.0, _LONGEST_WAIT_S)


def _problem(answer: httpx.Response) -> ApiProblem:
    try:
        plain = answer.json()
        return ApiProblem(
            plain["code"],
            plain["message"],
            answer.status_code,
            plain.get("request_id", ""),
            plain.get("retryable", False),
        )
    except (ValueError, KeyError, TypeError):
        return ApiProblem("http", f"The service answered {answer.status_code}.", answer.status_code)
