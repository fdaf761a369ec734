"""Source, edited image and mask in any mix of forms; the result has the source's."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp
from PIL import Image

from tests.support.simulated_editor import drawing, texture
from wegen_core.preservation import preserve

SOME = settings(max_examples=30, deadline=None, suppress_health_check=[HealthCheck.too_slow])
SQUARE = (slice(30, 50), slice(40, 66))
INNER = (slice(34, 46), slice(44, 62))  # of the square, far from its edge


def fine_floats(channels: int = 3) -> np.ndarray:
    """float32 [72,96,C] in 0..1 that no 8-bit image can hold."""
    rng = np.random.default_rng(4)
    values = texture((72, 96), 2.0).astype(np.float32) / 255
    values = np.clip(values + rng.normal(0, 0.0007, values.shape), 0, 1).astype(np.float32)
    if channels == 4:
        alpha = rng.random((72, 96, 1), np.float32)
        values = np.concatenate([values, alpha], axis=2)
    return values


def edited_bytes(alpha: int | None = None) -> np.ndarray:
    """The same image in 8 bits with a red rectangle."""
    values = np.rint(fine_floats() * 255).astype(np.uint8)
    values[SQUARE] = 220, 30, 40
    if alpha is not None:
        values = np.concatenate([values, np.full((72, 96, 1), alpha, np.uint8)], axis=2)
    return values


EDITED = {
    "PIL RGB": lambda: Image.fromarray(edited_bytes()),
    "PIL RGBA": lambda: Image.fromarray(edited_bytes(255)),
    "PIL RGB, larger": lambda: Image.fromarray(edited_bytes()).resize((192, 144), 3),
    "PIL RGBA, smaller": lambda: Image.fromarray(edited_bytes(255)).resize((88, 66), 3),
    "float tensor": lambda: torch.from_numpy(edited_bytes())[None] / 255,
    "float tensor RGBA": lambda: torch.from_numpy(edited_bytes(255)) / 255,
    "half tensor": lambda: torch.from_numpy(edited_bytes())[None].half() / 255,
    "byte tensor": lambda: torch.from_numpy(edited_bytes()),
    "uint8 array": edited_bytes,
    "float64 array": lambda: edited_bytes()[None] / 255,
}


def allowed() -> np.ndarray:
    mask = np.zeros((72, 96), bool)
    mask[26:54, 36:70] = True
    return mask


MASKS = {
    "none": lambda: None,
    "PIL L": lambda: Image.fromarray(allowed().astype(np.uint8) * 255),
    "PIL 1": lambda: Image.fromarray(allowed()),
    "PIL L, half size": lambda: Image.fromarray(allowed().astype(np.uint8) * 255).resize((48, 36)),
    "bool array": allowed,
    "uint8 array": lambda: allowed().astype(np.uint8) * 255,
    "float tensor [1,H,W]": lambda: torch.from_numpy(allowed().astype(np.float32))[None],
    "bool tensor": lambda: torch.from_numpy(allowed()),
}


def check_tensor_result(source, result, may_change: np.ndarray) -> None:
    """The source's form; bit-exact where the mask is 0; the edit where it is 1."""
    assert result.report.decision == "lock"
    assert isinstance(result.image, torch.Tensor)
    assert result.image.shape == source.shape
    assert result.image.dtype == source.dtype and result.image.device == source.device
    assert not result.image.requires_grad and result.image.data_ptr() != source.data_ptr()
    assert result.change_mask.shape == (1, 72, 96) and result.change_mask.dtype == torch.float32
    image, before = (t.reshape(72, 96, -1) for t in (result.image, source))
    mask = result.change_mask[0]
    assert torch.equal(image[mask == 0], before[mask == 0])
    assert not mask[torch.from_numpy(~may_change)].any()
    assert (mask[INNER] == 1).all()
    red = torch.tensor([220, 30, 40]) / 255
    assert (image[INNER][..., :3].float() - red).abs().max() < 0.02


@pytest.mark.parametrize("mask", ["none", "PIL L"])
@pytest.mark.parametrize("edited", EDITED)
def test_a_float_tensor_takes_any_edited_image(edited, mask):
    source = torch.from_numpy(fine_floats())[None]
    check_tensor_result(source, preserve(source, EDITED[edited](), mask=MASKS[mask]()), allowed())


@pytest.mark.parametrize("mask", MASKS)
def test_a_float_tensor_takes_any_mask(mask):
    source = torch.from_numpy(fine_floats())[None]
    result = preserve(source, EDITED["PIL RGBA, smaller"](), mask=MASKS[mask]())
    check_tensor_result(source, result, allowed())


@pytest.mark.parametrize("batch", [False, True])
@pytest.mark.parametrize("channels", [3, 4])
@pytest.mark.parametrize("dtype", [torch.float16, torch.bfloat16, torch.float32, torch.float64])
@pytest.mark.parametrize("edited", ["PIL RGB", "PIL RGBA, smaller", "float tensor RGBA"])
def test_a_tensor_keeps_its_dtype_shape_and_bits(edited, dtype, channels, batch):
    source = torch.from_numpy(fine_floats(channels)).to(dtype)
    source = source[None] if batch else source
    result = preserve(source, EDITED[edited](), mask=MASKS["PIL L"]())
    check_tensor_result(source, result, allowed())
    if channels == 4 and "RGBA" not in edited:  # an editor without alpha leaves it alone
        assert torch.equal(result.image[..., 3], source[..., 3])
    elif channels == 4:
        alpha = result.image.reshape(72, 96, 4)[INNER][..., 3]
        assert (alpha.float() - 1).abs().max() < 0.005


@pytest.mark.parametrize("layout", ["transposed", "strided", "needs gradient"])
def test_a_tensor_may_be_a_view_or_need_a_gradient(layout):
    values = torch.from_numpy(fine_floats())
    source = {
        "transposed": lambda: values.permute(2, 0, 1).contiguous().permute(1, 2, 0)[None],
        "strided": lambda: values.repeat_interleave(2, 0)[::2][None],
        "needs gradient": lambda: values.clone().requires_grad_()[None],
    }[layout]()
    check_tensor_result(source, preserve(source, EDITED["PIL RGB"](), MASKS["PIL L"]()), allowed())


def test_values_beyond_0_to_1_stay_where_nothing_changed():
    values = fine_floats()
    values[:10] = values[:10] * 1.2 + 0.3  # as after an upscale by a model
    values[60:] -= 0.4
    source = torch.from_numpy(values)[None]
    check_tensor_result(source, preserve(source, EDITED["PIL RGB"](), MASKS["PIL L"]()), allowed())


@pytest.mark.parametrize("edited", ["PIL RGB", "PIL RGBA, smaller", "float tensor", "uint8 array"])
def test_a_global_edit_is_passed_through_in_the_sources_dtype(edited):
    source = torch.from_numpy(fine_floats())[None]
    other = EDITED[edited]()
    result = preserve(source, other, scope="global")
    assert result.report.decision == "pass"
    if isinstance(other, torch.Tensor):
        assert result.image is other
        return
    values = np.asarray(other)
    assert result.image.shape == (1, *values.shape) and result.image.dtype == source.dtype
    assert np.abs(result.image[0].numpy() * 255 - values).max() < 1e-4


def test_an_8_bit_copy_of_a_float_image_changes_nothing():
    source = torch.from_numpy(fine_floats())[None]
    copy = Image.fromarray(np.rint(fine_floats() * 255).astype(np.uint8))
    result = preserve(source, copy)
    assert torch.equal(result.image, source) and not result.change_mask.any()


@pytest.mark.parametrize("mode", ["L", "LA", "RGB", "RGBA", "I;16"])
def test_pil_images_keep_their_mode(mode):
    if mode == "I;16":
        grey = (drawing(64)[..., 0], drawing(64, second="tree")[..., 0])
        source, edited = (Image.fromarray(g.astype(np.uint16) * 257) for g in grey)
    else:
        source = Image.fromarray(drawing(64)).convert(mode)
        edited = Image.fromarray(drawing(64, second="tree")).convert(mode)
    result = preserve(source, edited, scope="local")
    assert result.image.mode == mode and result.image.size == source.size
    assert result.change_mask.mode == "L" and result.change_mask.size == source.size
    unchanged = np.asarray(result.change_mask) == 0
    assert 0.3 < unchanged.mean() < 1
    assert np.array_equal(np.asarray(result.image)[unchanged], np.asarray(source)[unchanged])


def test_an_editor_without_alpha_leaves_it_alone(backend):
    alpha = np.linspace(0, 255, 72 * 96).astype(np.uint8).reshape(72, 96, 1)
    source = np.concatenate([np.rint(fine_floats() * 255).astype(np.uint8), alpha], axis=2)
    result = preserve(source, edited_bytes())
    assert result.report.decision == "lock" and result.image[40, 50, 0] > 200
    assert np.array_equal(result.image[..., 3:], alpha)
    opaque = preserve(source, edited_bytes(255)).image
    assert opaque[40, 50, 3] == 255


def test_pil_floats_have_one_scale():
    bright, dark = (np.full((40, 40), value, np.float32) for value in (200, 10))
    result = preserve(Image.fromarray(bright), Image.fromarray(dark), scope="global")
    assert result.image.getpixel((0, 0)) == 10
    result = preserve(Image.fromarray(dark.astype(np.uint8)), Image.fromarray(dark))
    assert result.report.reason == "nothing changed"
    with pytest.raises(ValueError, match=r"source .* multiply them by 255"):
        preserve(Image.fromarray(bright / 255), Image.fromarray(dark))


FORMS = {
    "L": lambda a: Image.fromarray(a[..., 0]),
    "RGB": Image.fromarray,
    "RGBA": lambda a: Image.fromarray(a).convert("RGBA"),
    "P": lambda a: Image.fromarray(a).convert("P"),
    "CMYK": lambda a: Image.fromarray(a).convert("CMYK"),
    "I;16": lambda a: Image.fromarray(a[..., 0].astype(np.uint16) * 257),
    "F": lambda a: Image.fromarray(a[..., 0].astype(np.float32)),
    "uint8 grey": lambda a: a[..., 0],
    "uint16": lambda a: a.astype(np.uint16) * 257,
    "float16": lambda a: (a / 255).astype(np.float16),
    "float64 batch": lambda a: a[None] / 255,
    "tensor": lambda a: torch.from_numpy(a)[None] / 255,
    "bfloat16": lambda a: torch.from_numpy(a)[None].to(torch.bfloat16) / 255,
}


def highest(image) -> float:
    """The largest value: at most 1 only for floats in 0..1."""
    image = image.float() if hasattr(image, "detach") else image
    return float(np.asarray(image).max())


@pytest.mark.slow
@SOME
@given(st.sampled_from(sorted(FORMS)), st.sampled_from(sorted(FORMS)), st.booleans())
def test_any_two_forms_go_together(first, second, alike):
    values = texture((48, 48), seed=1)
    other = np.ascontiguousarray(255 - texture((40, 40), seed=2))
    if alike:
        other = values.copy()
        other[30:42, 30:42] = 230, 20, 20
    source, edited = FORMS[first](values), FORMS[second](other)
    result = preserve(source, edited)
    assert type(result.image) is type(source)
    if result.report.decision == "lock":
        size = "size" if isinstance(source, Image.Image) else "shape"
        assert getattr(result.image, size) == getattr(source, size)
    elif result.image is edited:
        assert type(source) is type(edited)
        return
    assert (highest(result.image) > 1) == (highest(source) > 1)


@SOME
@given(st.data())
def test_what_is_not_an_image_is_refused_by_name(data):
    shape = data.draw(hnp.array_shapes(min_dims=0, max_dims=5, min_side=0, max_side=5))
    dtypes = [np.uint8, np.int32, np.float32, np.complex64, bool, "U3", object]
    array = np.zeros(shape, data.draw(st.sampled_from(dtypes)))
    if array.size and array.dtype == np.float32:
        array.flat[0] = data.draw(st.sampled_from([0, np.nan, np.inf, -3, 255]))
    name = data.draw(st.sampled_from(["source", "edited", "mask"]))
    inputs = {"source": texture((20, 20)), "edited": texture((20, 20), seed=1), name: array}
    message = ""
    try:
        result = preserve(**inputs)
    except ValueError as error:
        message = str(error)
    if message:
        assert name in message
    else:
        assert np.isfinite(result.image.astype(float)).all()
