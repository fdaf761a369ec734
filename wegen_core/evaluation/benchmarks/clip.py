"""CLIP: images and texts become vectors in one space."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from PIL import Image, ImageOps

from ...vision.model_input import model_input, normalisation

if TYPE_CHECKING:
    from torch import Tensor

BATCH = 64


class Clip:
    """A CLIP model of transformers from a local folder, such as clip-vit-base-patch32.

    Parameters
    ----------
    folder
        A model folder with its tokenizer; nothing is downloaded.
    device
        Where it runs: "cpu", "cuda", ...

    Raises
    ------
    ValueError
        The folder holds another model.
    """

    def __init__(self, folder: str | Path, device: str = "cpu") -> None:
        from transformers import AutoModel, AutoTokenizer

        model = AutoModel.from_pretrained(folder, local_files_only=True, trust_remote_code=False)
        if not hasattr(model, "get_text_features"):
            raise ValueError(f"{folder} holds no model of images and texts; use a CLIP folder")
        self.name = Path(folder).name
        self._model = model.float().to(device).eval()
        self._tokenizer = AutoTokenizer.from_pretrained(folder, local_files_only=True)
        self._side = int(model.config.vision_config.image_size)
        self._words = int(model.config.text_config.max_position_embeddings)
        self._statistics = normalisation(folder)

    def images(self, images: Iterable[Image.Image]) -> np.ndarray:
        """Features float32 [N, width], not normalised, of the middle square of each image."""
        import torch

        size, iterator, features = (self._side, self._side), iter(images), []
        while batch := list(islice(iterator, BATCH)):
            squares = [
                np.asarray(ImageOps.fit(image.convert("RGB"), size, Image.Resampling.BICUBIC))
                for image in batch
            ]
            pixels = model_input(squares, size, self._statistics).to(self._model.device)
            with torch.inference_mode():
                tensor = _tensor(self._model.get_image_features(pixel_values=pixels))
            features.append(tensor.cpu().numpy())
        return np.concatenate(features)

    def texts(self, texts: Sequence[str]) -> np.ndarray:
        """Features float32 [N, width], not normalised; long texts are cut off."""
        import torch

        tokens = self._tokenizer(
            list(texts),
            padding="max_length",
            truncation=True,
            max_length=self._words,
            return_tensors="pt",
        ).to(self._model.device)
        with torch.inference_mode():
            features = self._model.get_text_features(
                input_ids=tokens["input_ids"], attention_mask=tokens["attention_mask"]
            )
        return _tensor(features).cpu().numpy()

    def similarity(self, image: Image.Image, text: str) -> float:
        """Cosine of an image and a text."""
        a, b = self.images([image])[0], self.texts([text])[0]
        return float(a @ b / (np.linalg.norm(a) * np.linalg.norm(b)))


def _tensor(features: Any) -> Tensor:
    tensor: Tensor = getattr(features, "pooler_output", features)
    return tensor
