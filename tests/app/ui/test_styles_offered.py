"""Styles that the page offers: that of the installation is chosen at first."""

from __future__ import annotations

import re
from dataclasses import replace

from app.api.http.state import AppState
from app.ui.view_models.casting import show_chooser


def test_the_style_of_the_installation_is_chosen_even_if_it_names_pieces(here: AppState) -> None:
    for style in ("auto", "smart", "jeans-dark"):
        settings = here.settings.model_copy(update={"style": style})
        chooser = show_chooser(replace(here, settings=settings), "en")
        assert re.findall(r'<option value="([^"]*)" selected>', chooser.split('name="style"')[1]) == [style]
