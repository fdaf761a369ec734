"""Vision encoders: images become vectors whose cosine says how alike they are."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Protocol

import numpy as np
from PIL import Image

from .model_input import model_input, normalisation


class Encoder(Protocol):
    """Turns images into vectors."""

    @property
    def name(self) -> str:
        """What reports call it."""
        ...

    def embed(self, crops: Sequence[Image.Image]) -> np.ndarray:
        """float32 [crops, width], each of length 1."""
        ...


class VisionEncoder:
    """A vision encoder of transformers (DINOv2, DINOv3, CLIP, SigLIP) from a local folder.

    Parameters
    ----------
    folder
        A model folder; nothing is downloaded.
    device
        Where it runs: "cpu", "cuda", ...
    bounds
        Least and greatest similarity of the same thing.

    Raises
    ------
    ValueError
        The folder holds no vision encoder.
    """

    def __init__(
        self, folder: str | Path, device: str = "cpu", bounds: tuple[float, float] = (0.55, 0.95)
    ) -> None:
        from transformers import AutoConfig, AutoModel

        config = AutoConfig.from_pretrained(folder, local_files_only=True, trust_remote_code=False)
        model = AutoModel.from_pretrained(folder, local_files_only=True, trust_remote_code=False)
        vision = getattr(config, "vision_config", config)
        if getattr(vision, "image_size", None) is None:
            raise ValueError(f"{folder} holds no vision encoder; use a DINOv2 or CLIP folder")
        self.name = Path(folder).name
        self.bounds = bounds
        self._model = model.float().to(device).eval()
        self._size = int(vision.image_size)
        self._statistics = normalisation(folder)

    def embed(self, crops: Sequence[Image.Image]) -> np.ndarray:
        """float32 [crops, width], each of length 1."""
        import torch

        frames = [np.asarray(crop.convert("RGB")) for crop in crops]
        batch = model_input(frames, (self._size, self._size), self._statistics)
        with torch.inference_mode():
            batch = batch.to(self._model.device)
            if hasattr(self._model, "get_image_features"):
                features = self._model.get_image_features(pixel_values=batch)
                features = getattr(features, "pooler_output", features)
            else:
                features = self._model(pixel_values=batch).last_hidden_state[:, 0]
        return unit_vectors(features.float().cpu().numpy())


def unit_vectors(features: np.ndarray) -> np.ndarray:
    """`features` [N, width] as float32, each of length 1."""
    lengths = np.linalg.norm(features, axis=1, keepdims=True)
    return (features / np.maximum(lengths, 1e-9)).astype(np.float32)
