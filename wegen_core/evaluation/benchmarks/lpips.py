"""LPIPS, version 0.1 (arXiv 1801.03924): perceptual distance of two images."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import torch
from torch import Tensor, nn

_SHIFT, _SCALE = (-0.030, -0.088, -0.188), (0.458, 0.448, 0.450)


class _Fire(nn.Module):
    """SqueezeNet's block (arXiv 1602.07360)."""

    def __init__(self, channels: int, squeezed: int, expanded: int) -> None:
        super().__init__()
        self.squeeze = nn.Conv2d(channels, squeezed, 1)
        self.expand1x1 = nn.Conv2d(squeezed, expanded, 1)
        self.expand3x3 = nn.Conv2d(squeezed, expanded, 3, padding=1)

    def forward(self, x: Tensor) -> Tensor:
        x = self.squeeze(x).relu()
        return torch.cat([self.expand1x1(x).relu(), self.expand3x3(x).relu()], 1)


def _alexnet() -> nn.Sequential:
    pool = nn.MaxPool2d(3, 2)
    return nn.Sequential(
        nn.Conv2d(3, 64, 11, 4, 2), nn.ReLU(), pool,
        nn.Conv2d(64, 192, 5, padding=2), nn.ReLU(), pool,
        nn.Conv2d(192, 384, 3, padding=1), nn.ReLU(),
        nn.Conv2d(384, 256, 3, padding=1), nn.ReLU(),
        nn.Conv2d(256, 256, 3, padding=1), nn.ReLU(),
    )  # fmt: skip


def _vgg16() -> nn.Sequential:
    layers: list[nn.Module] = []
    channels = 3
    for width, count in ((64, 2), (128, 2), (256, 3), (512, 3), (512, 3)):
        for _ in range(count):
            layers += [nn.Conv2d(channels, width, 3, padding=1), nn.ReLU()]
            channels = width
        layers.append(nn.MaxPool2d(2, 2))
    return nn.Sequential(*layers[:-1])


def _squeezenet() -> nn.Sequential:
    pool = nn.MaxPool2d(3, 2, ceil_mode=True)
    return nn.Sequential(
        nn.Conv2d(3, 64, 3, 2), nn.ReLU(), pool, _Fire(64, 16, 64), _Fire(128, 16, 64),
        pool, _Fire(128, 32, 128), _Fire(256, 32, 128),
        pool, _Fire(256, 48, 192), _Fire(384, 48, 192), _Fire(384, 64, 256), _Fire(512, 64, 256),
    )  # fmt: skip


NETWORKS = {
    "alex": (_alexnet, "alexnet*.pth", (1, 4, 7, 9, 11)),
    "vgg": (_vgg16, "vgg16*.pth", (3, 8, 15, 22, 29)),
    "squeeze": (_squeezenet, "squeezenet1_1*.pth", (1, 4, 7, 9, 10, 11, 12)),
}
"""Name -> the layers, torchvision's file of weights, and the layers whose output is compared."""


class Lpips:
    """The distance of one network.

    Parameters
    ----------
    folder
        Holds torchvision's weights of AlexNet, VGG16 or SqueezeNet 1.1 as they are downloaded
        (`alexnet-owt-7be5be79.pth`, ...), and the file of the same network from the package
        lpips (`alex.pth`, `vgg.pth` or `squeeze.pth` of version 0.1).
    device
        Where it runs: "cpu", "cuda", ...

    Raises
    ------
    ValueError
        The folder does not hold both files of one network.
    """

    def __init__(self, folder: str | Path, device: str = "cpu") -> None:
        name = next((n for n in NETWORKS if all(_files(folder, n))), None)
        if name is None:
            needed = "; ".join(f"{p} and {n}.pth" for n, (_, p, _) in NETWORKS.items())
            raise ValueError(f"{folder} holds no weights of LPIPS; it needs two files: {needed}")
        build, _, compared = NETWORKS[name]
        self.name = f"LPIPS {name}"
        self._compared, self._device = compared, device
        backbone, heads = (
            torch.load(path, map_location="cpu", weights_only=True)
            for (path, *_) in _files(folder, name)
        )
        layers = build()
        features = {k[9:]: v for k, v in backbone.items() if k.startswith("features.")}
        layers.load_state_dict(features)
        self._layers = layers.eval().to(device)
        self._weights = [
            heads[f"lin{k}.model.1.weight"].float().to(device) for k in range(len(compared))
        ]

    @torch.inference_mode()
    def distance(self, a: np.ndarray, b: np.ndarray) -> float:
        """The distance of two images float [H,W,3] in 0..1 of equal size."""
        pixels = torch.from_numpy(np.stack([a, b])).permute(0, 3, 1, 2).float().to(self._device)
        shift, scale = (
            torch.tensor(v, device=self._device)[:, None, None] for v in (_SHIFT, _SCALE)
        )
        x = (2 * pixels - 1 - shift) / scale
        total, weights = 0.0, iter(self._weights)
        for number, layer in enumerate(self._layers):
            x = layer(x)
            if number in self._compared:
                features = x / (x.norm(dim=1, keepdim=True) + 1e-10)
                difference = (features[:1] - features[1:]) ** 2
                total += float(torch.nn.functional.conv2d(difference, next(weights)).mean())
        return total


def _files(folder: str | Path, name: str) -> tuple[list[Path], list[Path]]:
    """The files of the backbone and of the heads."""
    _, pattern, _ = NETWORKS[name]
    return sorted(Path(folder).glob(pattern)), sorted(Path(folder).glob(f"{name}.pth"))
