"""Call of the renderer: however it gives up, the drawing is refused and the program has no fault."""

from __future__ import annotations

import pytest
import resvg_py

from vmodel.garment.vector.svg_to_png import svg_to_png


class PanicException(BaseException):
    """Stands for a panic in Rust, which no small drawing brings about."""


@pytest.mark.parametrize("kind", [PanicException, ValueError, OSError])
def test_a_renderer_that_gives_up_refuses_the_drawing(
    kind: type[BaseException], monkeypatch: pytest.MonkeyPatch
) -> None:
    def give_up(**_: object) -> bytes:
        raise kind("no width")

    monkeypatch.setattr(resvg_py, "svg_to_bytes", give_up)
    with pytest.raises(ValueError, match="no width"):
        svg_to_png(b"<svg/>", (9, 9))
