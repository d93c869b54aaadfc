"""Small package with the published interface of ``fashn_vton`` (commit 7c0f10a), which tests cannot install.

Signatures, names of the created parts, checks and the size of results are those of the published package; the
network is one number, and the human parser raises.
"""

from __future__ import annotations

from pathlib import Path

import torch
from safetensors.torch import save_file

CODE = """
import os, sys
from dataclasses import dataclass, field

import numpy as np
import torch
from PIL import Image
from safetensors.torch import load_file


@dataclass
class PipelineOutput:
    images: list = field(default_factory=list)


class TryOnModel(torch.nn.Module):
    input_shape, channels_in = (864, 576), 3

    def __init__(self):
        super().__init__()
        self.share = torch.nn.Parameter(torch.zeros(()))

    def forward_for_cfg(self, images, times, *, person_poses, garment_poses, ca_images, garment_images,
                        garment_categories):
        return {"v_c": self.share * ca_images, "v_u": 0 * ca_images}


class TryOnPipeline:
    CATEGORY_TO_LABEL = {"tops": 1, "bottoms": 2, "one-pieces": 3}

    def __init__(self, weights_dir, device=None, logger=None):
        self.weights_dir, self.device, self.logger = os.path.abspath(weights_dir), torch.device(device or "cpu"), logger
        for name in ("model.safetensors", "dwpose/yolox_l.onnx", "dwpose/dw-ll_ucoco_384.onnx"):
            if not os.path.exists(os.path.join(self.weights_dir, name)):
                raise FileNotFoundError(name)
        self._setup_tryon_model()
        self._setup_pose_model()
        self._setup_hp_model()
        self.asked = []

    def _setup_tryon_model(self):
        self.tryon_model = TryOnModel()
        self.tryon_model.load_state_dict(load_file(os.path.join(self.weights_dir, "model.safetensors")))

    def _setup_pose_model(self):
        self.pose_model = lambda picture: np.zeros(picture.shape[:2])

    def _setup_hp_model(self):
        raise AssertionError("the human parser is loaded")

    @torch.inference_mode()
    def _sample(self, *, ca_images, garment_images, person_poses, garment_poses, garment_categories, num_timesteps=30,
                time_shift_mu=1.5, guidance_scale=1.5, skip_cfg_last_n_steps=1, use_tqdm=True):
        if use_tqdm:
            print("Sampling: 100%", file=sys.stderr)
        images = torch.zeros_like(ca_images)
        for _ in range(num_timesteps):
            told = self.tryon_model.forward_for_cfg(
                images, torch.zeros(1), person_poses=person_poses, garment_poses=garment_poses, ca_images=ca_images,
                garment_images=garment_images, garment_categories=garment_categories)
            images = images + told["v_c"] / num_timesteps
        return [Image.fromarray((each.permute(1, 2, 0).clamp(0, 1) * 255).byte().numpy()) for each in images]

    @torch.inference_mode()
    def __call__(self, person_image, garment_image, category, garment_photo_type="model", num_samples=1,
                 num_timesteps=30, guidance_scale=1.5, skip_cfg_last_n_steps=1, seed=42, segmentation_free=True):
        self.asked.append(dict(
            person=np.array(person_image), garment=np.array(garment_image), category=category,
            photo_type=garment_photo_type, samples=num_samples, steps=num_timesteps, seed=seed,
            segmentation_free=segmentation_free))
        torch.manual_seed(seed)
        np.random.seed(seed)
        person_image = person_image.copy()
        person_image.thumbnail((864, 864))
        person = np.array(person_image)
        parsed = self.hp_model.predict(person)
        assert parsed.shape == person.shape[:2]
        shown = torch.from_numpy(person).permute(2, 0, 1)[None] / 255
        label = torch.tensor([self.CATEGORY_TO_LABEL[category]])
        return PipelineOutput(images=self._sample(
            ca_images=shown, garment_images=shown, person_poses=shown[:, :1], garment_poses=shown[:, :1],
            garment_categories=label, num_timesteps=num_timesteps, guidance_scale=guidance_scale,
            skip_cfg_last_n_steps=skip_cfg_last_n_steps))
"""


def write_package(folder: Path) -> Path:
    """Write the package below a folder that belongs on Python's path."""
    (folder / "fashn_vton").mkdir(parents=True)
    (folder / "fashn_vton" / "__init__.py").write_text(CODE)
    return folder


def save_try_on(root: Path, network: str, pose: str) -> None:
    """Write the two repositories into a folder that stands for the hub; the network halves a person's brightness."""
    (root / network).mkdir(parents=True)
    save_file({"share": torch.tensor(0.5)}, root / network / "model.safetensors")
    (root / pose).mkdir(parents=True)
    for name in ("yolox_l.onnx", "dw-ll_ucoco_384.onnx"):
        (root / pose / name).write_bytes(name.encode())
