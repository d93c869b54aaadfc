"""Prometheus metrics of HTTP requests; the metrics of the queue are in the same registry."""

from __future__ import annotations

from prometheus_client import CollectorRegistry, Counter, Histogram

_METHODS = frozenset({"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"})
_SECONDS = (0.005, 0.01, 0.025, 0.05, 0.1, 0.2, 0.3, 0.5, 1, 2.5, 5, 10, 30)


class HttpFigures:
    """Counts of requests by route, method and status, and their durations.

    Args:
        registry: of the metrics.
    """

    def __init__(self, registry: CollectorRegistry) -> None:
        self._requests = Counter(
            "vmodel_http_requests", "Requests answered.", ("method", "route", "status"), registry=registry
        )
        self._seconds = Histogram(
            "vmodel_http_seconds", "Time to answer.", ("method", "route"), buckets=_SECONDS, registry=registry
        )

    def record(self, method: str, route: str, status: int, took_s: float) -> None:
        """Record one answer.

        Args:
            method: of HTTP; a caller may send any word, and those that HTTP has no use for are one series, "other".
            route: the pattern, not the path, so that ids do not become series.
            status: of HTTP; 0 if the caller left before the answer.
            took_s: seconds.
        """
        method = method if method in _METHODS else "other"
        self._requests.labels(method, route, str(status)).inc()
        self._seconds.labels(method, route).observe(took_s)
