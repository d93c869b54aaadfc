"""Catalogue of published weights: the files that a pipeline needs, their repositories and their licences."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace

from vmodel.errors import UnknownWeights


@dataclass(frozen=True)
class Part:
    """Files that are taken from one repository.

    Attributes:
        folder: below the weights' own folder.
        repository: owner/name on the hub.
        revision: commit; another one is another part.
        patterns: names of the taken files, as in ``fnmatch``.
    """

    folder: str
    repository: str
    revision: str
    patterns: tuple[str, ...]


@dataclass(frozen=True)
class HubWeights:
    """Published weights of one pipeline.

    Attributes:
        name: of the pipeline, and of the weights.
        purpose: use of the weights, a few words.
        code: class that they fill: of ``diffusers`` unless another package is named.
        licence: short names, as their repositories state them.
        licence_note: meaning of the licence to a seller, one sentence.
        licence_urls: addresses of its text.
        research_only: pictures made with them may not be sold.
        download_gb: of all their files.
        memory_gb: memory of a graphics card that holds everything at once; 0 if none is needed.
        model_gb: of one that holds each network while it works; None if the code cannot offload them.
        group_gb: of one that holds a few layers at a time; None likewise.
        parts: in the order in which they are pulled.
    """

    name: str
    purpose: str
    code: str
    licence: str
    licence_note: str
    licence_urls: tuple[str, ...]
    research_only: bool
    download_gb: float
    memory_gb: float
    model_gb: float | None
    group_gb: float | None
    parts: tuple[Part, ...]

    @property
    def least_gb(self) -> float:
        """Memory of the smallest graphics card that can work with them."""
        return min(need for need in self.ways_gb.values() if need is not None)

    @property
    def ways_gb(self) -> Mapping[str, float | None]:
        """Offload mode, as ``VMODEL_HUB_OFFLOAD`` calls it, quickest first -> memory of a card for it."""
        return {"none": self.memory_gb, "model": self.model_gb, "group": self.group_gb}


_KLEIN = HubWeights(
    name="flux2-klein",
    purpose="photographs in four steps",
    code="Flux2KleinPipeline",
    licence="Apache-2.0",
    licence_note="Commercial use is allowed; keep the licence with copies of the weights.",
    licence_urls=("https://huggingface.co/black-forest-labs/FLUX.2-klein-4B/blob/main/LICENSE.md",),
    research_only=False,
    download_gb=16.0,
    memory_gb=18,
    model_gb=11,
    group_gb=5,
    parts=(
        Part(
            folder="pipeline",
            repository="black-forest-labs/FLUX.2-klein-4B",
            revision="e7b7dc27f91deacad38e78976d1f2b499d76a294",
            # The repository holds the transformer once more as a single file at its root.
            patterns=(
                "model_index.json",
                "LICENSE*",
                "scheduler/*",
                "text_encoder/*",
                "tokenizer/*",
                "transformer/*",
                "vae/*",
            ),
        ),
    ),
)

_KLEIN_BASE = replace(
    _KLEIN,
    name="flux2-klein-base",
    purpose="is what a LoRA learns on",
    licence_urls=("https://huggingface.co/black-forest-labs/FLUX.2-klein-base-4B/blob/main/LICENSE.md",),
    parts=(
        replace(
            _KLEIN.parts[0],
            repository="black-forest-labs/FLUX.2-klein-base-4B",
            revision="a3b4f4849157f664bdbc776fd7453c2783562f4d",
        ),
    ),
)
"""Not distilled: the base on which a LoRA is trained. No pipeline makes pictures with it."""

_SDXL = HubWeights(
    name="sdxl",
    purpose="photographs on small cards",
    code="StableDiffusionXLControlNetUnionImg2ImgPipeline",
    licence="CreativeML OpenRAIL++-M and Apache-2.0",
    licence_note="Commercial use is allowed, except for the uses that the OpenRAIL licence lists.",
    licence_urls=(
        "https://huggingface.co/stabilityai/stable-diffusion-xl-base-1.0/blob/main/LICENSE.md",
        "https://www.apache.org/licenses/LICENSE-2.0",
    ),
    research_only=False,
    download_gb=12.7,
    memory_gb=14,
    model_gb=10,
    group_gb=4,
    parts=(
        Part(
            folder="pipeline",
            repository="stabilityai/stable-diffusion-xl-base-1.0",
            revision="462165984030d82259a11f4367a4eed129e94a7b",
            patterns=(
                "model_index.json",
                "LICENSE*",
                "scheduler/*",
                "tokenizer/*",
                "tokenizer_2/*",
                *(
                    f"{network}/{file}"
                    for network in ("text_encoder", "text_encoder_2", "unet", "vae")
                    for file in ("config.json", "*.fp16.safetensors")
                ),
            ),
        ),
        Part(
            folder="controlnet",
            repository="xinsir/controlnet-union-sdxl-1.0",
            revision="801a4a3fa3d4c936f4feea95b98607bc6726f80c",
            patterns=("config.json", "diffusion_pytorch_model.safetensors"),
        ),
        Part(
            folder="ip-adapter",
            repository="h94/IP-Adapter",
            revision="018e402774aeeddd60609b4ecdb7e298259dc729",
            patterns=(
                "sdxl_models/ip-adapter_sdxl_vit-h.safetensors",
                "models/image_encoder/config.json",
                "models/image_encoder/model.safetensors",
            ),
        ),
    ),
)

_QWEN_EDIT = HubWeights(
    name="qwen-edit",
    purpose="photographs slowly",
    code="QwenImageEditPlusPipeline",
    licence="Apache-2.0",
    licence_note="Commercial use is allowed; keep the licence with copies of the weights.",
    licence_urls=("https://www.apache.org/licenses/LICENSE-2.0",),
    research_only=False,
    download_gb=58.5,
    memory_gb=64,
    model_gb=46,
    group_gb=8,
    parts=(
        Part(
            folder="pipeline",
            repository="Qwen/Qwen-Image-Edit-2511",
            revision="6f3ccc0b56e431dc6a0c2b2039706d7d26f22cb9",
            patterns=(
                "model_index.json",
                "LICENSE*",
                "processor/*",
                "scheduler/*",
                "text_encoder/*",
                "tokenizer/*",
                "transformer/*",
                "vae/*",
            ),
        ),
        Part(
            folder="lightning",
            repository="lightx2v/Qwen-Image-Edit-2511-Lightning",
            revision="d74eba145674fd7e31b949324e148e21e7118abd",
            patterns=("Qwen-Image-Edit-2511-Lightning-4steps-V1.0-bf16.safetensors",),
        ),
    ),
)

_FASHN = HubWeights(
    name="fashn",
    purpose="dresses a photograph",
    code="TryOnPipeline of fashn-vton",
    licence="Apache-2.0",
    licence_note="Commercial use is allowed; keep the licence with copies of the weights.",
    licence_urls=("https://www.apache.org/licenses/LICENSE-2.0",),
    research_only=False,
    download_gb=2.3,
    memory_gb=8,
    model_gb=None,
    group_gb=None,
    # The weights of the package's human parser are for non-commercial use, and are not among these.
    parts=(
        Part(
            folder="weights",
            repository="fashn-ai/fashn-vton-1.5",
            revision="7720683168567eb5a2a4c67f15116c6e29c83ded",
            patterns=("model.safetensors", "LICENSE*"),
        ),
        Part(
            folder="weights/dwpose",
            repository="fashn-ai/DWPose",
            revision="548b5df25b84d9f4aac0611dfa1c2a7a12f15571",
            patterns=("yolox_l.onnx", "dw-ll_ucoco_384.onnx", "LICENSE*"),
        ),
    ),
)

_CATVTON = HubWeights(
    name="catvton",
    purpose="dresses a photograph",
    code="UNet2DConditionModel",
    licence="CC-BY-NC-SA-4.0, CreativeML OpenRAIL-M and MIT",
    licence_note="For research and evaluation only: pictures made with them may neither be sold nor sell anything.",
    licence_urls=(
        "https://creativecommons.org/licenses/by-nc-sa/4.0/legalcode",
        "https://huggingface.co/spaces/CompVis/stable-diffusion-license",
    ),
    research_only=True,
    download_gb=2.3,
    memory_gb=8,
    model_gb=6,
    group_gb=3,
    parts=(
        Part(
            folder="base",
            repository="stable-diffusion-v1-5/stable-diffusion-inpainting",
            revision="8a4288a76071f7280aedbdb3253bdb9e9d5d84bb",
            # A safety checker is left out: the common gate judges what a picture may show.
            patterns=(
                "LICENSE*",
                "scheduler/scheduler_config.json",
                "unet/config.json",
                "unet/diffusion_pytorch_model.fp16.safetensors",
            ),
        ),
        Part(
            folder="vae",
            repository="stabilityai/sd-vae-ft-mse",
            revision="31f26fdeee1355a5c34592e401dd41e45d25a493",
            patterns=("config.json", "diffusion_pytorch_model.safetensors"),
        ),
        # The same repository holds weights of two human parsers, which nothing here needs.
        Part(
            folder="attention",
            repository="zhengchong/CatVTON",
            revision="2969fcf85fe62f2036605716f0b56f0b81d01d79",
            patterns=("LICENSE*", "mix-48k-1024/attention/model.safetensors"),
        ),
    ),
)

_DWPOSE = HubWeights(
    name="dwpose",
    purpose="reads poses from photos",
    code="two networks in ONNX, read by onnxruntime",
    licence="Apache-2.0",
    licence_note="Its makers allow commercial use; the pictures it learnt from (COCO, UBody) have terms of their own.",
    licence_urls=("https://www.apache.org/licenses/LICENSE-2.0",),
    research_only=False,
    download_gb=0.4,
    memory_gb=0,
    model_gb=None,
    group_gb=None,
    parts=(replace(_FASHN.parts[1], folder="networks"),),
)
"""Reads poses from photos and scores them (``vmodel.body.pose.dwpose``). No pipeline makes pictures with it."""

CATALOGUE: Mapping[str, HubWeights] = {
    weights.name: weights for weights in (_KLEIN, _KLEIN_BASE, _SDXL, _QWEN_EDIT, _FASHN, _CATVTON, _DWPOSE)
}


def weights_of(name: str) -> HubWeights:
    """Return the entry of a name.

    Raises:
        UnknownWeights: no entry has this name.
    """
    if name not in CATALOGUE:
        raise UnknownWeights(name, CATALOGUE)
    return CATALOGUE[name]
