"""The routes of rights: what anybody may ask, and what sellers and the operator may."""

from __future__ import annotations

from fastapi import FastAPI

from app.api import rights_garments, rights_models, rights_public


def add_rights(app: FastAPI) -> None:
    """Add verification, licences, exclusive models, consents and reviews to an app, and the pages for everybody."""
    from app.ui import rights_pages  # the page's pieces import the API's

    for router in (rights_public.router, rights_models.router, rights_garments.router, rights_pages.router):
        app.include_router(router)
