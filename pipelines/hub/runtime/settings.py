"""Speed and memory of the hub's pipelines: settings, read from the environment (prefix ``VMODEL_HUB_``)."""

from __future__ import annotations

from pathlib import Path
from typing import Literal

from pydantic import Field, ValidationError
from pydantic_settings import BaseSettings, SettingsConfigDict

from vmodel.errors import BadUsage

Precision = Literal["auto", "full", "fp8", "int8", "4bit"]
Offload = Literal["auto", "none", "model", "group"]


class Tuning(BaseSettings):
    """Settings of speed and memory; "auto" decides by the machine's memory, and never changes a picture.

    Attributes:
        precision: of the weights: "full" is 16 bits on a card and float32 without one; "fp8" keeps those of the
            denoiser in eight bits and computes in full; "int8" and "4bit" keep those of denoiser and text encoder so
            (quanto).
        offload: place of waiting weights: "none" on the card, "model" in memory until their network works, "group" in
            memory until their layer works.
        tiling: the autoencoder works in tiles; their seams change a picture a little.
        compile: the denoiser's repeated blocks are compiled at the first picture.
        attention: a back end of diffusers, such as "sage" or "flash"; "auto" leaves PyTorch's own.
        batch: number of pictures made at once, where the pipeline can.
        warm: number of most recently used pipelines that a worker keeps loaded.
        dresses: pipeline whose picture fashn dresses; "auto" is the one that ``--pipeline auto`` takes.
        lora: file of ``vmodel train --lora`` that is fused into klein.
    """

    model_config = SettingsConfigDict(env_prefix="VMODEL_HUB_", frozen=True)

    precision: Precision = "auto"
    offload: Offload = "auto"
    tiling: bool = False
    compile: bool = False
    attention: str = "auto"
    batch: int | None = Field(default=None, ge=1, le=64)
    warm: int = Field(default=1, ge=1, le=8)
    dresses: str = "auto"
    lora: Path | None = None


def read_tuning() -> Tuning:
    """Read the settings of this process.

    Raises:
        BadUsage: one of them has a value that it cannot have.
    """
    try:
        return Tuning()
    except ValidationError as error:
        fault = error.errors()[0]
        name = f"VMODEL_HUB_{str(fault['loc'][0]).upper()}"
        raise BadUsage(f"{name} cannot be {fault['input']!r}: {fault['msg']}; see docs/pipelines.md.") from None
