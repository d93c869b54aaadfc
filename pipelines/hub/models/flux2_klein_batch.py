"""FLUX.2 klein for several pictures at once, each with its own references; equal inputs are encoded once."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import torch
from diffusers import Flux2KleinPipeline
from PIL import Image
from torch import Tensor

from pipelines.hub.runtime.batching import encoding_cache_of, key_of


class BatchKlein(Flux2KleinPipeline):  # type: ignore[misc]
    """Pipeline whose batch shows each picture its own references; the stock one shows all of them the same."""

    def make(
        self, references: Sequence[Sequence[Image.Image]], prompts: Sequence[str], seeds: Sequence[int], **further: Any
    ) -> list[Image.Image]:
        """Make a batch.

        Args:
            references: for each picture as many as for the others, of the same sizes (all but the garment's pictures
                are the picture's size; garments are one for the whole batch or equal in size).
            prompts: one each.
            seeds: one each; noise comes from the processor's generator, so that all machines start from the same noise.
            further: of ``Flux2KleinPipeline.__call__``: size, steps, guidance.
        """
        self._own = [[self._prepared(picture) for picture in each] for each in references]
        try:
            made = self(
                image=list(references[0]),
                prompt_embeds=torch.cat([self._encoded(prompt) for prompt in prompts]),
                generator=[torch.Generator().manual_seed(seed) for seed in seeds],
                **further,
            )
        finally:
            del self._own
        return list(made.images)

    def prepare_image_latents(
        self, images: list[Tensor], batch_size: int, generator: Any, device: Any, dtype: Any
    ) -> tuple[Tensor, Tensor]:
        """Prepare each picture's references instead of the first one's for all; see ``Flux2KleinPipeline``."""
        if "_own" not in self.__dict__:
            return super().prepare_image_latents(images, batch_size, generator, device, dtype)  # type: ignore[no-any-return]
        encoded = [super(BatchKlein, self).prepare_image_latents(own, 1, None, device, dtype) for own in self._own]
        return torch.cat([latents for latents, _ in encoded]), torch.cat([ids for _, ids in encoded])

    def _encode_vae_image(self, image: Tensor, generator: Any) -> Tensor:
        encode = super()._encode_vae_image
        encoded: Tensor = encoding_cache_of(self, "pictures").get_or_compute(
            key_of(image), lambda: encode(image, generator)
        )
        return encoded

    def _encoded(self, prompt: str) -> Tensor:
        encoded: Tensor = encoding_cache_of(self, "sentences").get_or_compute(
            prompt, lambda: self.encode_prompt(prompt)[0]
        )
        return encoded

    def _prepared(self, picture: Image.Image) -> Tensor:
        multiple = self.vae_scale_factor * 2
        width, height = (side // multiple * multiple for side in picture.size)
        prepared: Tensor = self.image_processor.preprocess(picture, height=height, width=width, resize_mode="crop")
        return prepared
