"""Reads the text in an image (optical character recognition)."""

from __future__ import annotations

from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
from PIL.Image import Image


class TextLine(NamedTuple):
    """One line of text, the corner where it begins (x, y in pixels), and its score (0 to 1)."""

    text: str
    corner: tuple[int, int]
    score: float


class TextReader:
    """The models of the package rapidocr, which come with it; nothing is downloaded.

    Raises
    ------
    ValueError
        rapidocr or onnxruntime is not installed, or it comes without models.
    """

    name = "rapidocr"

    def __init__(self) -> None:
        try:
            import onnxruntime
            import rapidocr
        except ImportError as error:
            raise ValueError(
                f"reading text needs {error.name}; pip install rapidocr onnxruntime"
            ) from None
        folder = Path(rapidocr.__file__).parent / "models"
        # With their paths it looks for no others, and so never downloads.
        params: dict[str, Any] = {"Global.log_level": "critical", "Global.use_cls": False}
        for task in ("Det", "Rec", "Cls"):
            paths = sorted(folder.glob(f"*_{task.lower()}_*.onnx"))
            if not paths:
                raise ValueError(
                    f"rapidocr has no {task} model in {folder}; install the wheel of version 3"
                )
            params[f"{task}.model_path"] = str(paths[0])
        self._engine = rapidocr.RapidOCR(params=params)
        recogniser = onnxruntime.InferenceSession(params["Rec.model_path"])
        characters = recogniser.get_modelmeta().custom_metadata_map.get("character", "")
        self.characters = frozenset(characters.split("\n"))
        """The characters that it can read."""

    def read(self, image: Image) -> list[TextLine]:
        """The lines of text, from top to bottom."""
        pixels = np.asarray(image.convert("RGB"))[:, :, ::-1]
        result = self._engine(np.ascontiguousarray(pixels))
        if result.txts is None:
            return []
        return [
            TextLine(text, (round(float(box[0][0])), round(float(box[0][1]))), float(score))
            for text, box, score in zip(result.txts, result.boxes, result.scores, strict=True)
        ]
