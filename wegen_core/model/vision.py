"""EVA-CLIP's image encoder: a plain ViT with post-norm blocks and no final norm.

Module names follow the official `visual.pt`, so that its keys load as they are.
"""

from __future__ import annotations

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from .config import VisionConfig


class Attention(nn.Module):
    """Self-attention with one joint projection to queries, keys and values."""

    def __init__(self, width: int, heads: int) -> None:
        super().__init__()
        self.heads = heads
        self.qkv = nn.Linear(width, 3 * width)
        self.proj = nn.Linear(width, width)

    def forward(self, x: Tensor) -> Tensor:
        """[B,T,width] -> [B,T,width]."""
        batch, tokens, width = x.shape
        shape = (batch, tokens, 3, self.heads, width // self.heads)
        q, k, v = self.qkv(x).view(shape).permute(2, 0, 3, 1, 4)
        x = F.scaled_dot_product_attention(q, k, v)
        return self.proj(x.transpose(1, 2).reshape(batch, tokens, width))


class Mlp(nn.Module):
    """Two linear layers with an exact (erf) GELU between them."""

    def __init__(self, width: int, hidden: int) -> None:
        super().__init__()
        self.fc1 = nn.Linear(width, hidden)
        self.fc2 = nn.Linear(hidden, width)

    def forward(self, x: Tensor) -> Tensor:
        """[B,T,width] -> [B,T,width]."""
        return self.fc2(F.gelu(self.fc1(x)))


class Block(nn.Module):
    """A post-norm block: x += LN1(attn(x)); x += LN2(mlp(x))."""

    def __init__(self, config: VisionConfig) -> None:
        super().__init__()
        width = config.width
        self.attn = Attention(width, width // config.head_width)
        self.norm1 = nn.LayerNorm(width, eps=config.layer_norm_eps)
        self.mlp = Mlp(width, int(width * config.mlp_ratio))
        self.norm2 = nn.LayerNorm(width, eps=config.layer_norm_eps)

    def forward(self, x: Tensor) -> Tensor:
        """[B,T,width] -> [B,T,width]."""
        x = x + self.norm1(self.attn(x))
        return x + self.norm2(self.mlp(x))


class PatchEmbed(nn.Module):
    """One linear projection of each square patch of pixels."""

    def __init__(self, config: VisionConfig) -> None:
        super().__init__()
        patch = config.patch_size
        self.proj = nn.Conv2d(3, config.width, kernel_size=patch, stride=patch)

    def forward(self, pixels: Tensor) -> Tensor:
        """[N,3,S,S] -> [N,P,width], patches row by row."""
        return self.proj(pixels).flatten(2).transpose(1, 2)


class ConvolutionalStem(nn.Module):
    """Convolutions down to one position a patch, which a small encoder learns from fewer images.

    References
    ----------
    Xiao et al., Early Convolutions Help Transformers See Better, arXiv 2106.14881.
    """

    def __init__(self, config: VisionConfig) -> None:
        super().__init__()
        self.levels = nn.ModuleList()
        channels, stride = 3, config.patch_size // 2 ** (len(config.stem) - 1)
        for width in config.stem:
            convolutions = [nn.Conv2d(channels, width, stride + 1, stride, padding=stride // 2)]
            convolutions += [nn.Conv2d(width, width, 3, padding=1) for _ in range(2)]
            layers = [nn.Sequential(c, nn.GroupNorm(8, width), nn.GELU()) for c in convolutions]
            self.levels.append(nn.ModuleList(layers))
            channels, stride = width, 2
        self.proj = nn.Conv2d(channels, config.width, 1)

    def forward(self, pixels: Tensor) -> Tensor:
        """[N,3,S,S] -> [N,P,width], patches row by row."""
        x = pixels
        for level in self.levels:
            for k, layer in enumerate(level.children()):
                x = x + layer(x) if k else layer(x)  # the first layer of a level makes x smaller
        return self.proj(x).flatten(2).transpose(1, 2)


class VisionTransformer(nn.Module):
    """The image encoder."""

    def __init__(self, config: VisionConfig) -> None:
        super().__init__()
        self.config = config
        self.patch_embed = PatchEmbed(config)
        self.stem = ConvolutionalStem(config) if config.stem else None
        self.cls_token = nn.Parameter(torch.zeros(1, 1, config.width))
        self.pos_embed = nn.Parameter(torch.randn(1, config.grid**2 + 1, config.width) * 0.02)
        self.blocks = nn.ModuleList(Block(config) for _ in range(config.layers))

    def embed(self, pixels: Tensor) -> Tensor:
        """[N,3,S,S] normalised pixels -> the first block's input, [N, 1 + P, W]."""
        size = self.config.image_size
        if pixels.ndim != 4 or tuple(pixels.shape[1:]) != (3, size, size):
            raise ValueError(
                f"pixels have shape {tuple(pixels.shape)}; "
                f"the image encoder takes [N, 3, {size}, {size}]"
            )
        x = self.patch_embed(pixels)
        if self.stem is not None:
            x = x + self.stem(pixels)
        return torch.cat([self.cls_token.expand(len(x), -1, -1), x], dim=1) + self.pos_embed

    def forward(self, pixels: Tensor) -> Tensor:
        """Encode images.

        Parameters
        ----------
        pixels
            [N,3,S,S], normalised with CLIP's mean and deviation (`preprocess.encoder_pixels`).

        Returns
        -------
        Tensor
            [N,P,W]: features of the P = (S / patch_size)² patches, row by row, without the class
            token.

        Raises
        ------
        ValueError
            The pixels have another shape.
        """
        x = self.embed(pixels)
        for block in self.blocks:
            x = block(x)
        return x[:, 1:]


def pool_tokens(features: Tensor, side: int = 8) -> Tensor:
    """Average a square grid of tokens down to `side` x `side`.

    Kernel = stride = floor(sqrt(P) / side), as in the published AvgPoolQuery; P = side² is the
    identity.

    Parameters
    ----------
    features
        [N,P,W].

    Returns
    -------
    Tensor
        [N,side²,W].

    Raises
    ------
    ValueError
        P is not a square, is smaller than side², or leaves more than side² tokens.
    """
    count, width = features.shape[-2:]
    grid = int(count**0.5)
    kernel = grid // side
    if grid * grid != count or kernel < 1 or (grid - kernel) // kernel + 1 != side:
        raise ValueError(f"{count} image tokens cannot be pooled to {side}x{side} tokens")
    if kernel == 1:
        return features
    x = features.reshape(-1, grid, grid, width).permute(0, 3, 1, 2)
    x = F.avg_pool2d(x, kernel_size=kernel, stride=kernel)
    return x.flatten(2).transpose(1, 2)
