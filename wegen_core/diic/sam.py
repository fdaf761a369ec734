"""SAM 2 video and SAM 3 video (transformers), from local folders."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from ..vision.model_input import model_input, normalisation
from .masks import box_of
from .records import Box, Sighting

if TYPE_CHECKING:
    from torch import Tensor


class _SamVideo:
    """What SAM 2 and SAM 3 video share: loading, and a session over the frames of a clip."""

    def __init__(self, model_class: Any, folder: str | Path, device: str) -> None:
        model = model_class.from_pretrained(folder, local_files_only=True)
        self._model = model.to(device).eval()
        self._statistics = normalisation(folder)
        self.name = Path(folder).name

    def _session(self, session_class: Any, frames: Sequence[np.ndarray]) -> Any:
        """A video session of transformers, made without its video processor."""
        import torch

        height, width = frames[0].shape[:2]
        side = int(self._model.config.image_size)
        session = session_class(
            video_height=height,
            video_width=width,
            inference_device=self._model.device,
            inference_state_device=self._model.device,
            dtype=torch.float32,
        )
        session.processed_frames = _Inputs(frames, (side, side), self._statistics)
        return session


@dataclass(frozen=True)
class _Inputs:
    """Frames as a model takes them, computed when asked for: a whole clip takes gigabytes."""

    frames: Sequence[np.ndarray]
    size: tuple[int, int]
    statistics: tuple[np.ndarray, np.ndarray]

    def __len__(self) -> int:
        return len(self.frames)

    def __getitem__(self, index: int) -> Tensor:
        return model_input([self.frames[index]], self.size, self.statistics)[0]


class Sam2Tracker(_SamVideo):
    """Masks through a clip from boxes in one of its frames (SAM 2, arXiv 2408.00714).

    Parameters
    ----------
    folder
        A SAM 2 video folder; nothing is downloaded.
    device
        Where it runs: "cpu", "cuda", ...
    """

    def __init__(self, folder: str | Path, device: str = "cpu") -> None:
        from transformers import Sam2VideoModel

        super().__init__(Sam2VideoModel, folder, device)

    def follow(
        self, frames: Sequence[np.ndarray], start: int, boxes: Sequence[Box]
    ) -> list[dict[int, np.ndarray]]:
        """For each box in frame `start` its masks, bool [H, W], by frame."""
        import torch
        from transformers.models.sam2_video.modeling_sam2_video import Sam2VideoInferenceSession

        height, width = frames[0].shape[:2]
        side = int(self._model.config.image_size)
        session = self._session(Sam2VideoInferenceSession, frames)
        scale = torch.tensor([side / width, side / height])
        for number, box in enumerate(boxes):
            corners = torch.tensor(box, dtype=torch.float32).reshape(1, 1, 2, 2) * scale
            index = session.obj_id_to_idx(number)
            # Labels 2 and 3 mark the corners of a box.
            labels = torch.tensor([[[2, 3]]], dtype=torch.int32)
            inputs = {"point_coords": corners, "point_labels": labels}
            session.add_point_inputs(index, start, inputs)
        session.obj_with_new_inputs = list(range(len(boxes)))
        masks: list[dict[int, np.ndarray]] = [{} for _ in boxes]
        with torch.inference_mode():
            self._take(self._model(session, frame_idx=start), masks, (height, width))
            for reverse in (False, True):
                for output in self._model.propagate_in_video_iterator(
                    session, start_frame_idx=start, reverse=reverse
                ):
                    self._take(output, masks, (height, width))
        return masks

    def _take(self, output: Any, masks: list[dict[int, np.ndarray]], size: tuple[int, int]) -> None:
        present = output.object_score_logits.flatten() > 0
        for number, mask in enumerate(output.pred_masks):
            if present[number]:
                masks[number][output.frame_idx] = _full_size(mask, size)


class Sam3Tracker(_SamVideo):
    """Everything that phrases name, with masks through the clip (SAM 3; transformers 5 and later).

    Parameters
    ----------
    folder
        A SAM 3 video folder; nothing is downloaded.
    device
        Where it runs: "cpu", "cuda", ...

    Raises
    ------
    ImportError
        The installed transformers has no SAM 3.
    """

    def __init__(self, folder: str | Path, device: str = "cpu") -> None:
        try:
            from transformers import AutoTokenizer, Sam3VideoModel
        except ImportError as error:
            raise ImportError("SAM 3 needs transformers 5 or later") from error
        super().__init__(Sam3VideoModel, folder, device)
        self._tokenizer = AutoTokenizer.from_pretrained(
            folder, local_files_only=True, trust_remote_code=False
        )

    def find(
        self, frames: Sequence[np.ndarray], phrases: Sequence[str]
    ) -> list[tuple[str, dict[int, Sighting]]]:
        """The phrase and the sightings by frame of each thing."""
        import torch
        from transformers.models.sam3_video.modeling_sam3_video import Sam3VideoInferenceSession

        height, width = frames[0].shape[:2]
        device = self._model.device
        session = self._session(Sam3VideoInferenceSession, frames)
        for phrase in phrases:
            number = session.add_prompt(phrase)
            tokens = self._tokenizer(
                phrase, return_tensors="pt", padding="max_length", max_length=32, truncation=True
            ).to(device)
            session.prompt_input_ids[number] = tokens.input_ids
            session.prompt_attention_masks[number] = tokens.attention_mask
        things: dict[int, dict[int, Sighting]] = {}
        with torch.inference_mode():
            for output in self._model.propagate_in_video_iterator(session):
                for thing, mask in output.obj_id_to_mask.items():
                    full = _full_size(mask, (height, width))
                    box = box_of(full)
                    if box is not None:
                        score = float(output.obj_id_to_score.get(thing, 1.0))
                        things.setdefault(thing, {})[output.frame_idx] = Sighting(box, full, score)
        prompt_of = session.obj_id_to_prompt_id
        return [
            (session.prompts[prompt_of[thing]], sightings) for thing, sightings in things.items()
        ]


def _full_size(mask: Any, size: tuple[int, int]) -> np.ndarray:
    """Logits [1, h, w] or [h, w] as bool [H, W]."""
    import torch.nn.functional as F

    logits = mask.float().reshape(1, 1, *mask.shape[-2:])
    resized = F.interpolate(logits, size, mode="bilinear", align_corners=False)
    return resized[0, 0].cpu().numpy() > 0
