"""The draft: the picture as geometry, light and the photo's own pixels give it; nothing is invented."""

from __future__ import annotations

from vmodel.take import Take
from vmodel.types import ByteArray


class DraftPipeline:
    """Renders the take as it is."""

    name = "draft"
    generative = False

    def __call__(self, take: Take) -> ByteArray:
        """Shade the scene under studio light.

        Returns:
            (H, W, 3) uint8 sRGB; (H, W, 4) with straight alpha on the transparent background.
        """
        return take.draft
