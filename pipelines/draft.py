"""Draft pipeline: a picture from geometry, light and the photo's own pixels; nothing is invented."""

from __future__ import annotations

from vmodel.shot.pipeline_interface import RenderContext
from vmodel.types import ByteArray


class DraftPipeline:
    """Pipeline that renders the draft as it is."""

    name = "draft"
    generative = False

    def __call__(self, context: RenderContext) -> ByteArray:
        """Shade the scene under studio light.

        Returns:
            (H, W, 3) uint8 sRGB; (H, W, 4) with straight alpha on the transparent background.
        """
        return context.draft
