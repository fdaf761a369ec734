"""The image encoder's convolutional stem. What is published has none, see the golden tests."""

import json

import pytest
import torch

from wegen_core.model.config import VisionConfig, WeGenConfig
from wegen_core.model.vision import ConvolutionalStem, VisionTransformer


@pytest.mark.parametrize(
    ("size", "patch", "stem"), [(64, 16, (8, 16, 24)), (42, 14, (8, 16)), (12, 3, (8,))]
)
def test_the_stem_has_a_position_for_each_patch(size, patch, stem):
    config = VisionConfig(size, patch, width=16, layers=1, head_width=8, stem=stem)
    features = ConvolutionalStem(config)(torch.zeros(2, 3, size, size))
    assert features.shape == (2, config.grid**2, 16)


def test_the_stem_keeps_patches_row_by_row():
    config = VisionConfig(128, 16, width=16, layers=1, head_width=8, stem=(8, 8))
    stem = ConvolutionalStem(config).eval()
    for level in stem.levels:  # the means of a norm would spread the change over the image
        for layer in level:
            layer[1] = torch.nn.Identity()
    image = torch.zeros(1, 3, 128, 128)
    image[..., 16:32, 112:] = 1  # the last patch of the second row
    change = (stem(image) - stem(torch.zeros_like(image))).abs().sum(2).view(8, 8)
    assert change[1, 7] > 0
    assert change[:, :3].sum() == change[6:].sum() == 0  # convolutions reach four patches further


def test_the_stem_adds_to_the_patches_and_survives_a_config_file():
    config = VisionConfig(32, 16, width=16, layers=1, head_width=8, stem=(8, 16))
    encoder = VisionTransformer(config).eval()
    pixels = torch.randn(1, 3, 32, 32)
    both = encoder.embed(pixels)[:, 1:] - encoder.pos_embed[:, 1:]
    parts = encoder.patch_embed(pixels) + encoder.stem(pixels)
    torch.testing.assert_close(both, parts)
    record = json.loads(json.dumps(WeGenConfig(vision=config).to_json()))
    assert WeGenConfig.from_json(record).vision == config
