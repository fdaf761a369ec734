"""Every size of the network in one frozen record. Defaults are the published model's."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass, field, fields
from pathlib import Path
from typing import Any


@dataclass(frozen=True)
class VisionConfig:
    """The image encoder's sizes; the defaults are EVA-CLIP-E-14-plus.

    Parameters
    ----------
    image_size, patch_size
        Pixels along one side; the first is a multiple of the second.
    width, layers
        Of the transformer.
    head_width
        Channels of one attention head; divides `width`.
    mlp_ratio
        Hidden channels of an MLP, as a multiple of `width`.
    layer_norm_eps
        Epsilon of every LayerNorm.
    stem
        Channels of a convolutional stem, whose features are added to the projected patches: one
        level each, every one of half the size of the one before, the last of one position a patch.
        Multiples of 8; empty, as published: no stem.

    Raises
    ------
    ValueError
        A size does not divide the other.
    """

    image_size: int = 448
    patch_size: int = 14
    width: int = 1792
    layers: int = 64
    head_width: int = 112
    mlp_ratio: float = 8.571428571428571
    layer_norm_eps: float = 1e-6
    stem: tuple[int, ...] = ()

    def __post_init__(self) -> None:
        object.__setattr__(self, "stem", tuple(self.stem))  # JSON has lists
        if self.image_size % self.patch_size:
            raise ValueError(
                f"image_size {self.image_size} is not a multiple of patch_size {self.patch_size}"
            )
        if self.width % self.head_width:
            raise ValueError(
                f"width {self.width} is not a multiple of head_width {self.head_width}"
            )
        if self.stem and self.patch_size % 2 ** (len(self.stem) - 1):
            raise ValueError(
                f"patch_size {self.patch_size} cannot be halved {len(self.stem) - 1} times, as "
                f"the stem {self.stem} does"
            )
        if any(channels % 8 for channels in self.stem):
            raise ValueError(f"the channels of the stem are {self.stem}, not multiples of 8")

    @property
    def grid(self) -> int:
        """Patches along one side."""
        return self.image_size // self.patch_size


@dataclass(frozen=True)
class PaintDefaults:
    """Values of `WeGen.paint` that its caller leaves out.

    Parameters
    ----------
    width, height
        Of the image, in pixels.
    steps
        Of the sampler.
    guidance
        Classifier-free guidance scale; 1 or less: none.
    """

    width: int = 1024
    height: int = 1024
    steps: int = 50
    guidance: float = 7.0


@dataclass(frozen=True)
class WeGenConfig:
    """The whole model.

    Parameters
    ----------
    vision
        The image encoder.
    llm, unet, vae, scheduler
        Keyword arguments of transformers' LlamaConfig and of diffusers' UNet2DConditionModel,
        AutoencoderKL (with a patch_size: of our PatchVAE) and EulerDiscreteScheduler.
    paint
        Defaults of `WeGen.paint`.
    tokens_side
        An image becomes tokens_side² visual tokens (8 -> 64, the published model).
    intent_prefixes
        Intent -> what its replies begin with, for a network that was trained on the replies of
        `reply_format`; empty: it was not.
    max_images
        How many images of a conversation it reads at once; older ones are left out.
    vocabulary
        Every word it was trained on, with spaces between, if they are few; "": any.
    world
        What it was trained on, in words, if that is little; "": images of all kinds.
    max_vae_error
        An image is of another kind if the VAE changes it by more than this (root mean square of
        values in 0..1); None: no image is. Measured by `benchmarks/small_world.py`.
    name
        What reports call it.
    """

    vision: VisionConfig = field(default_factory=VisionConfig)
    llm: dict[str, Any] = field(default_factory=dict)
    unet: dict[str, Any] = field(default_factory=dict)
    vae: dict[str, Any] = field(default_factory=dict)
    scheduler: dict[str, Any] = field(default_factory=dict)
    paint: PaintDefaults = field(default_factory=PaintDefaults)
    tokens_side: int = 8
    intent_prefixes: dict[str, str] = field(default_factory=dict)
    max_images: int = 8
    vocabulary: str = ""
    world: str = ""
    max_vae_error: float | None = None
    name: str = "wegen"

    @property
    def image_tokens(self) -> int:
        """Visual tokens per image."""
        return self.tokens_side**2

    def to_json(self) -> dict[str, Any]:
        """Every field as plain JSON."""
        return asdict(self)

    @classmethod
    def from_json(cls, record: dict[str, Any]) -> WeGenConfig:
        """Read what `to_json` wrote.

        Unknown keys are ignored, so that folders of later versions load. The names that keys had
        up to version 0.1 are understood, so that folders converted then load.
        """
        renamed = {_KEYS_OF_0_1.get(key, key): value for key, value in record.items()}
        values = _fields_of(cls, renamed)
        values["vision"] = VisionConfig(**_fields_of(VisionConfig, record.get("vision", {})))
        values["paint"] = PaintDefaults(**_fields_of(PaintDefaults, record.get("paint", {})))
        return cls(**values)

    @classmethod
    def load(cls, path: str | Path) -> WeGenConfig:
        """Read a `config.json`."""
        return cls.from_json(json.loads(Path(path).read_text(encoding="utf-8")))


_KEYS_OF_0_1 = {"verbs": "intent_prefixes", "pictures": "max_images", "words": "vocabulary"}


def _fields_of(cls: type, record: dict[str, Any]) -> dict[str, Any]:
    names = {f.name for f in fields(cls)}
    return {k: v for k, v in record.items() if k in names}
