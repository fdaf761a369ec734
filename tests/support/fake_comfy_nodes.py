"""ComfyUI's own nodes for tests without ComfyUI: they note what they get, and one paints."""

from __future__ import annotations

import random
from collections.abc import Iterator
from dataclasses import dataclass
from types import SimpleNamespace
from typing import Any

import torch

# Maker of a tiny model (see tiny_models.py) -> its class in ComfyUI, its latent channels.
MODELS = {
    "TestStableDiffusion": ("SD15", 4),
    "TestFlux": ("Flux", 16),
    "TestFlux2": ("Flux2", 128),
    "TestFlux3": ("Flux3Model", 128),
    "TestQwenImage": ("QwenImage", 16),
    "TestQwenImage21": ("QwenImage21", 64),
}
# As in ComfyUI, those of other families derive from the oldest one.
TOKENIZERS: dict[str, type] = {"SD15": type("SD1Tokenizer", (), {})}
TOKENIZERS |= {
    kind: type(f"{kind}Tokenizer", (TOKENIZERS["SD15"],), {})
    for kind, _ in MODELS.values()
    if kind != "SD15"
}


@dataclass(frozen=True, eq=False)
class Traced:
    """The output of a node that only notes its inputs."""

    kind: str
    inputs: dict[str, Any]

    def sources(self) -> Iterator[Traced]:
        """This one and all that it hangs on, nearest first."""
        yield self
        for value in self.inputs.values():
            if isinstance(value, Traced):
                yield from value.sources()


def image_of(width: int = 64, height: int = 64, batch: int = 1) -> torch.Tensor:
    """IMAGE [batch,H,W,3] with something in every pixel, between the steps of 8 bits."""
    x, y = torch.linspace(0, 0.7, width), torch.linspace(0, 0.3, height)
    return (x[None, :] + y[:, None])[None, :, :, None].repeat(batch, 1, 1, 3)


def fake_node(kind: str, inputs: dict[str, Any]) -> tuple[Any, ...]:
    """The outputs of a node of ComfyUI's own."""
    if kind in MODELS:
        return _model(*MODELS[kind], **inputs)
    if kind == "EmptyImage":
        colour = torch.tensor([inputs["color"] >> shift & 255 for shift in (16, 8, 0)]) / 255
        shape = inputs["batch_size"], inputs["height"], inputs["width"], 3
        return (colour.expand(shape).clone(),)
    if kind == "SolidMask":
        return (torch.full((1, inputs["height"], inputs["width"]), inputs["value"]),)
    if kind == "VAEDecode":
        return (_paint(inputs["samples"]),)
    return (Traced(kind, inputs),) * 3


class CLIP:
    """A text encoder for the models of one class: `width` values for each token."""

    def __init__(self, kind: str, width: int) -> None:
        self.tokenizer, self.width = TOKENIZERS[kind](), width

    def tokenize(self, text: str) -> str:
        return text

    def encode_from_tokens(self, _tokens: str) -> torch.Tensor:
        return torch.zeros(1, 77, self.width)


def _model(
    kind: str, channels: int, inpainting: bool = False, **_: Any
) -> tuple[Any, Any, SimpleNamespace]:
    target = SimpleNamespace(tokenizer=TOKENIZERS[kind])
    family = {"unet_config": {"context_dim": 8 * channels}, "clip_target": lambda *_: target}
    network = SimpleNamespace(
        model_config=type(kind, (), family)(),
        diffusion_model=torch.nn.Module(),
        memory_usage_factor_conds=(),
        concat_keys=("mask",) if inpainting else (),
    )
    parts = {"latent_format": SimpleNamespace(latent_channels=channels)}
    model = SimpleNamespace(model=network, get_model_object=parts.get, object_patches={})
    return model, CLIP(kind, 8 * channels), SimpleNamespace(latent_channels=channels)


def _paint(sampled: Traced) -> torch.Tensor:
    """One colour for each seed: over all, or over the masked or left half of the first image."""
    traces = list(sampled.sources())
    values = {key: value for trace in reversed(traces) for key, value in trace.inputs.items()}
    chosen = random.Random(values.get("seed", values.get("noise_seed")))
    colour = torch.tensor([chosen.random() for _ in range(3)])
    encoded = [
        value
        for trace in traces
        for name, value in trace.inputs.items()
        if name == "pixels" or name.startswith("images.")
    ]
    if not encoded:
        return colour.expand(1, values["height"], values["width"], 3).clone()
    image = encoded[0]
    mask = values.get("mask")
    if mask is None:
        mask = torch.zeros(image.shape[:3])
        mask[:, :, : image.shape[2] // 2] = 1
    return torch.where(mask[..., None] > 0.5, colour, image[..., :3])
