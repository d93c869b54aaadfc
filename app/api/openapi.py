"""OpenAPI description of the API, at /v1/openapi.json."""

from __future__ import annotations

from typing import Any

from fastapi import FastAPI
from fastapi.openapi.utils import get_openapi

from app.api.http.error_handlers import MEDIA_TYPE

TEXT = """Turn one flat-lay photo of a garment into pictures of a virtual model wearing it.

Send your API key with every request: `Authorization: Bearer KEY`. Resources of other accounts return 404.
Errors are problem documents (RFC 9457) with a stable `code` and a `message` that says what to do."""


def describe_with_problems(app: FastAPI) -> None:
    """Make an app's OpenAPI description declare its failures as problem documents."""

    def describe() -> dict[str, Any]:
        if app.openapi_schema is None:
            made = get_openapi(title=app.title, version=app.version, description=TEXT, routes=app.routes)
            for item in made["paths"].values():
                for operation in item.values():
                    _mark_problems(operation["responses"])
            app.openapi_schema = made
        return app.openapi_schema

    app.openapi = describe  # type: ignore[method-assign]


def _mark_problems(responses: dict[str, Any]) -> None:
    for status, response in responses.items():
        content = response.get("content", {})
        if (status == "default" or status >= "400") and "application/json" in content:
            response["content"] = {MEDIA_TYPE: content["application/json"]}
