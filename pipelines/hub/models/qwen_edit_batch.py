"""Qwen-Image-Edit for several pictures at once, each with its own references and sentence."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import torch
from diffusers import QwenImageEditPlusPipeline
from diffusers.pipelines.qwenimage import pipeline_qwenimage_edit_plus as library
from PIL import Image
from torch import Tensor

from pipelines.hub.runtime.batching import encoding_cache_of, key_of

#: Encoded sentence, (1, tokens, width), and its mask, (1, tokens), or None where every token counts.
Encoded = tuple[Tensor, Tensor | None]


@dataclass(frozen=True)
class _Own:
    """Inputs of the pictures of a batch.

    Attributes:
        sentences: the call's prompt, or its negative prompt -> the sentences of all pictures.
        seen: for each picture its references in the size of the text encoder.
        encoded: for each picture its references in the form of the autoencoder.
    """

    sentences: Mapping[str, Sequence[str]]
    seen: Sequence[Sequence[Image.Image]]
    encoded: Sequence[Sequence[Tensor]]


class BatchQwen(QwenImageEditPlusPipeline):  # type: ignore[misc]
    """Pipeline of several pictures with a sentence each; the stock one makes pictures of one sentence at a time."""

    def make(
        self, references: Sequence[Sequence[Image.Image]], prompts: Sequence[str], seeds: Sequence[int], **further: Any
    ) -> list[Image.Image]:
        """Make a batch.

        Args:
            references: for each picture as many as for the others, of the same sizes.
            prompts: one each.
            seeds: one each; noise comes from the processor's generator, so that all machines start from the same noise.
            further: of ``QwenImageEditPlusPipeline.__call__``: size, steps, guidance.
        """
        count, negative = len(prompts), further.get("negative_prompt")
        sentences = {} if negative is None else {negative: [negative] * count}
        self._own = _Own(
            {**sentences, prompts[0]: prompts},
            [[self._for_text_encoder(picture) for picture in each] for each in references],
            [[self._for_autoencoder(picture) for picture in each] for each in references],
        )
        try:
            made = self(
                image=list(references[0]),
                prompt=prompts[0],
                # To the library these are variants of one picture, which it makes at once.
                num_images_per_prompt=count,
                generator=[torch.Generator().manual_seed(seed) for seed in seeds],
                **further,
            )
        finally:
            del self._own
        return list(made.images)

    def encode_prompt(self, prompt: str, image: Any = None, device: Any = None, **further: Any) -> Encoded:
        """Encode each picture's sentence with its own references; see ``QwenImageEditPlusPipeline``."""
        own: _Own | None = self.__dict__.get("_own")
        if own is None:
            return super().encode_prompt(prompt, image=image, device=device, **further)  # type: ignore[no-any-return]
        encode = super().encode_prompt
        read = [
            encode(sentence, image=list(seen), device=device)
            for sentence, seen in zip(own.sentences[prompt], own.seen, strict=True)
        ]
        return join_sentences(read)

    def prepare_latents(
        self,
        images: list[Tensor],
        batch_size: int,
        num_channels_latents: int,
        height: int,
        width: int,
        dtype: Any,
        device: Any,
        generator: Any,
        latents: Any = None,
    ) -> tuple[Tensor, Tensor]:
        """Prepare each picture's references instead of the first one's for all; see ``QwenImageEditPlusPipeline``."""
        own: _Own | None = self.__dict__.get("_own")
        prepare, kind = super().prepare_latents, (num_channels_latents, height, width, dtype, device)
        if own is None:
            return prepare(images, batch_size, *kind, generator, latents)  # type: ignore[no-any-return]
        made = [prepare(list(each), 1, *kind, one) for each, one in zip(own.encoded, generator, strict=True)]
        return torch.cat([noise for noise, _ in made]), torch.cat([shown for _, shown in made])

    def _encode_vae_image(self, image: Tensor, generator: Any) -> Tensor:
        # The mean instead of a sample, so that no generator has an influence and the garment can be cached.
        encode = super()._encode_vae_image
        encoded: Tensor = encoding_cache_of(self, "pictures").get_or_compute(
            key_of(image), lambda: encode(image, generator)
        )
        return encoded

    def _for_text_encoder(self, picture: Image.Image) -> Image.Image:
        width, height = library.calculate_dimensions(library.CONDITION_IMAGE_SIZE, picture.width / picture.height)
        resized: Image.Image = self.image_processor.resize(picture, height, width)
        return resized

    def _for_autoencoder(self, picture: Image.Image) -> Tensor:
        width, height = library.calculate_dimensions(library.VAE_IMAGE_SIZE, picture.width / picture.height)
        prepared: Tensor = self.image_processor.preprocess(picture, height, width).unsqueeze(2)
        return prepared


def join_sentences(encoded: Sequence[Encoded]) -> Encoded:
    """Join encoded sentences as one batch; shorter ones are padded, and the mask excludes the padding."""
    most = max(tokens.shape[1] for tokens, _ in encoded)
    told, masks = [], []
    for tokens, mask in encoded:
        missing = most - tokens.shape[1]
        valid = torch.ones(tokens.shape[:2], dtype=torch.long, device=tokens.device) if mask is None else mask
        told.append(torch.nn.functional.pad(tokens, (0, 0, 0, missing)))
        masks.append(torch.nn.functional.pad(valid, (0, missing)))
    joined = torch.cat(masks)
    return torch.cat(told), None if joined.all() else joined
