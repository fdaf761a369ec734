"""Drawn scenes as the frozen networks encode them, each once."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import torch
from torch import Tensor

from ..model.network import Network
from ..model.preprocess import painter_images
from ..playground import samples as world


class EncodedScenes:
    """Visual tokens and latents of scenes, cached as float16: training adds noise to them."""

    def __init__(self, net: Network) -> None:
        self.net = net
        self._tokens: dict[world.Scene, Tensor] = {}
        self._latents: dict[world.Scene, Tensor] = {}

    def tokens(self, scenes: Sequence[world.Scene]) -> Tensor:
        """Visual tokens [N,64,W]."""
        return _cached(self._tokens, scenes, self._encode)

    def latents(self, scenes: Sequence[world.Scene]) -> Tensor:
        """Scaled means of the VAE's posterior, [N,4,h,w]."""
        return _cached(self._latents, scenes, self._compress)

    def _encode(self, scenes: Sequence[world.Scene]) -> Tensor:
        images = [world.draw(s, size=self.net.config.vision.image_size) for s in scenes]
        return self.net.pool(self.net.encode_images(self.net.preprocess(images)))

    def _compress(self, scenes: Sequence[world.Scene]) -> Tensor:
        size = self.net.config.paint.width
        images = painter_images([world.draw(s, size=size) for s in scenes], size)
        mean = self.net.vae.encode(images).latent_dist.mean
        return mean * self.net.vae.config.scaling_factor


@torch.no_grad()
def _cached(
    store: dict[world.Scene, Tensor],
    scenes: Sequence[world.Scene],
    encode: Callable[[Sequence[world.Scene]], Tensor],
) -> Tensor:
    missing = list(dict.fromkeys(s for s in scenes if s not in store))
    with torch.autocast("cpu", enabled=False):
        if missing:
            store.update(zip(missing, encode(missing).half(), strict=True))
        return torch.stack([store[s] for s in scenes]).float()
