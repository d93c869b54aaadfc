"""Mounting of the page in the service."""

from __future__ import annotations

import asyncio

import gradio as gr
from fastapi import FastAPI, Request
from starlette.routing import Mount

from app.api.http.state import AppState
from app.ui.base.auth_gate import LOGIN, AuthGate
from app.ui.base.i18n import LANGUAGES
from app.ui.base.templating import load_scripts, script_url, static_url
from app.ui.fragments import Fragments
from app.ui.page import build_page
from app.ui.routes import ambiguous_kinds, files, garment_files, login, public_pages


def mount_page(app: FastAPI) -> None:
    """Add the page to an app of ``app.api.factory``: login, files, pages for everybody, and Gradio in each language.

    Args:
        app: not yet started; no event loop runs.
    """
    app.include_router(public_pages.router)
    app.include_router(login.router)
    app.include_router(ambiguous_kinds.router)
    app.include_router(garment_files.router)
    app.include_router(files.router)
    # Without a running event loop, Gradio opens its own loops and never closes them.
    asyncio.run(_mount_gradio(app, app.state.installation))


async def _mount_gradio(app: FastAPI, here: AppState) -> None:
    fonts = ["system-ui", "-apple-system", "Segoe UI", "Roboto", "PingFang SC", "Noto Sans CJK SC", "sans-serif"]
    for language in LANGUAGES:
        gr.mount_gradio_app(
            app,
            build_page(Fragments(here, language)),
            path=f"/{language}",
            auth_dependency=_account,
            footer_links=[],
            run_history=False,
            show_error=False,
            max_file_size=1,  # visitors upload through the API; the gate closes Gradio's as well
            ssr_mode=False,
            pwa=False,
            enable_monitoring=False,
            theme=gr.themes.Base(font=fonts, font_mono=["ui-monospace", "monospace"]),
            head=_head(),
        )
        mounted = app.routes[-1]
        assert isinstance(mounted, Mount)
        mounted.app = AuthGate(mounted.app, here, language)


def _account(request: Request) -> str | None:
    login = request.scope.get(LOGIN)
    return None if login is None else str(login.identity.account_id)


_STYLES = ("page.css", "viewer.css", "designer.css")


def _head() -> str:
    return (
        "".join(f'<link rel="stylesheet" href="{static_url("static", name)}">' for name in _STYLES)
        + "".join(f'<link rel="modulepreload" href="{script_url(name)}">' for name in load_scripts())
        + f'<link rel="icon" href="{static_url("static", "mark.svg")}" type="image/svg+xml">'
        '<meta name="color-scheme" content="light">'
    )
