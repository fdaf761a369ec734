"""Every size of the network in one frozen record. Defaults are the published model's."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass, field, fields
from pathlib import Path
from typing import Any


@dataclass(frozen=True)
class VisionConfig:
    """The image encoder; defaults: EVA-CLIP-E-14-plus."""

    image_size: int = 448
    patch_size: int = 14
    width: int = 1792
    layers: int = 64
    head_width: int = 112
    mlp_ratio: float = 8.571428571428571
    layer_norm_eps: float = 1e-6

    def __post_init__(self) -> None:
        if self.image_size % self.patch_size:
            raise ValueError(
                f"image_size {self.image_size} is not a multiple of patch_size {self.patch_size}"
            )
        if self.width % self.head_width:
            raise ValueError(
                f"width {self.width} is not a multiple of head_width {self.head_width}"
            )

    @property
    def grid(self) -> int:
        """Patches along one side."""
        return self.image_size // self.patch_size


@dataclass(frozen=True)
class PaintDefaults:
    """What `WeGen.paint` does when it is not told otherwise."""

    width: int = 1024
    height: int = 1024
    steps: int = 50
    guidance: float = 7.0


@dataclass(frozen=True)
class WeGenConfig:
    """The whole model. `llm`, `unet`, `vae`, `scheduler` are the keyword arguments of transformers'
    LlamaConfig and of diffusers' UNet2DConditionModel, AutoencoderKL and EulerDiscreteScheduler.

    `tokens_side`: an image becomes tokens_side² visual tokens (8 -> 64, the published model).
    `verbs`: intent -> the word its replies begin with, for a network that was taught to say it; it
        also says what it sees before it answers.
    `pictures`: how many pictures of a conversation it reads at once; what is older is left out.
    `words`: all that it was taught, with spaces between, if they are few; "": any.
    """

    vision: VisionConfig = field(default_factory=VisionConfig)
    llm: dict[str, Any] = field(default_factory=dict)
    unet: dict[str, Any] = field(default_factory=dict)
    vae: dict[str, Any] = field(default_factory=dict)
    scheduler: dict[str, Any] = field(default_factory=dict)
    paint: PaintDefaults = field(default_factory=PaintDefaults)
    tokens_side: int = 8
    verbs: dict[str, str] = field(default_factory=dict)
    pictures: int = 8
    words: str = ""
    name: str = "wegen"

    @property
    def image_tokens(self) -> int:
        """Visual tokens per image."""
        return self.tokens_side**2

    def to_json(self) -> dict[str, Any]:
        return asdict(self)

    @classmethod
    def from_json(cls, record: dict[str, Any]) -> WeGenConfig:
        """The inverse of `to_json`; unknown keys are ignored, so that newer folders still load."""
        known = _known(cls, record)
        known["vision"] = VisionConfig(**_known(VisionConfig, record.get("vision", {})))
        known["paint"] = PaintDefaults(**_known(PaintDefaults, record.get("paint", {})))
        return cls(**known)

    @classmethod
    def load(cls, path: str | Path) -> WeGenConfig:
        return cls.from_json(json.loads(Path(path).read_text(encoding="utf-8")))


def _known(cls: type, record: dict[str, Any]) -> dict[str, Any]:
    names = {f.name for f in fields(cls)}
    return {k: v for k, v in record.items() if k in names}
