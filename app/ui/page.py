"""Gradio page: its fragments, and the handlers of a visitor's requests.

Gradio transports requests and answers and holds no state. Each request reads what it shows from the installation's
tables, so a reloaded page shows the same.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import gradio as gr

from app.ui.actions import ASKS, PageActions
from app.ui.base.auth_gate import LOGIN
from app.ui.base.templating import script_url
from app.ui.fragments import Fragments

_VIEWS = ("studio", "pictures", "usage", "account", "operator")
"""Views of the page, without the designer, whose fragment is the same for every visitor."""


def build_page(fragments: Fragments) -> gr.Blocks:
    """Build the page in one language.

    Args:
        fragments: renders its content.
    """
    actions = PageActions(fragments)
    with gr.Blocks(title=f"{fragments.words['title']} · vmodel", analytics_enabled=False) as page:
        shown = {"header": _fragment("header", fragments.empty_header())}
        with gr.Column(elem_id="main"):
            with gr.Row(elem_id="view-studio", elem_classes="view"):
                shown["garments"] = _fragment("garments")
                with gr.Column(elem_id="steps"):
                    _fragment("chooser", fragments.chooser())
            shown["bar"] = _fragment("bar")
            with gr.Column(elem_id="view-designer", elem_classes="view"):
                _fragment("designer", fragments.designer())
            for name in _VIEWS[1:]:
                with gr.Column(elem_id=f"view-{name}", elem_classes="view"):
                    shown[name] = _fragment(name)
        _fragment("viewer", fragments.viewer())
        shown["signal"] = _fragment("signal")
        # Gradio's component has the events whose names it finds between quotes in its script.
        asked = f"{_page('connect(trigger)')}; // {list(ASKS)}"
        asking = gr.HTML("", elem_id="desk", apply_default_css=False, js_on_load=asked)
        for name in ASKS:
            getattr(asking, name)(
                _handler(actions, name, shown),
                inputs=None,
                outputs=list(shown.values()),
                queue=False,
                show_progress="hidden",
                api_visibility="private",
                concurrency_limit=None,
                trigger_mode=_WHILE_ASKED.get(name, "multiple"),
            )
    return page


#: Trigger mode of a request while an earlier one of its kind is unanswered; all other requests run in parallel.
_WHILE_ASKED = {"price": "always_last", "choose": "always_last", "look": "always_last", "poll": "once", "order": "once"}


def _fragment(name: str, value: str = "") -> gr.HTML:
    return gr.HTML(
        value,
        elem_id=f"piece-{name}",
        elem_classes="piece",
        apply_default_css=False,
        js_on_load=f"const show = () => {_page(f'show({name!r}, element)')}; show(); watch('value', show);",
    )


def _page(call: str) -> str:
    """Return JavaScript that calls a function of the page's scripts, which the browser loads once."""
    return f'import("{script_url("page.js")}").then(page => page.{call})'


def _handler(actions: PageActions, name: str, shown: dict[str, gr.HTML]) -> Callable[..., Any]:
    async def answer(event: gr.EventData, request: gr.Request) -> dict[gr.HTML, str]:
        login = request.request.scope[LOGIN]
        fragments = await actions.receive(name, login, dict(event._data or {}))
        return {shown[piece]: html for piece, html in fragments.items()}

    return answer
