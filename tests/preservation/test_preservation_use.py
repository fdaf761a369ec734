"""Preservation as callers meet it: any mix of pictures, batches, progress and Stop."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp
from PIL import Image

from tests.support.simulated_editor import random_pair
from wegen_core.preservation import (
    array_backend as filters,
)
from wegen_core.preservation import (
    drift_image,
    opencv_hint,
    preserve,
    preserve_batch,
)
from wegen_core.records.hooks import Hooks, Stopped

SOME = settings(max_examples=30, deadline=None, suppress_health_check=[HealthCheck.too_slow])


@pytest.fixture(params=["opencv", "scipy"])
def backend(request, monkeypatch):
    """Once with OpenCV, where it is installed, and once without."""
    if request.param == "scipy":
        monkeypatch.setattr(filters, "cv2", None)
    elif filters.cv2 is None:
        pytest.skip("OpenCV is not installed")
    return request.param


def textured(seed: int = 0, size: int = 96) -> np.ndarray:
    """A grey picture full of detail, uint8 [size,size,3]."""
    noise = np.random.default_rng(seed).random((size, size), np.float32)
    smooth = filters.blur(noise, 1.5)
    smooth = (smooth - smooth.min()) / (smooth.max() - smooth.min())
    return np.repeat((40 + 170 * smooth).astype(np.uint8)[..., None], 3, axis=2)


def edited(source: np.ndarray) -> np.ndarray:
    """`source` with a red square, brighter by two levels everywhere."""
    out = source + 2
    out[30:50, 30:50] = 230, 20, 20
    return out


@pytest.mark.parametrize("asked", range(4))
def test_stop_is_heard_between_the_steps(backend, asked):
    source = textured()
    times = []

    def should_stop() -> bool:
        times.append(1)
        return len(times) > asked

    with pytest.raises(Stopped):
        preserve(source, edited(source), hooks=Hooks(should_stop=should_stop))
    assert len(times) == asked + 1


def test_a_batch_tells_its_progress_and_shares_the_first_registration_there_is():
    source = textured()
    frames = np.stack([source, edited(source), np.roll(edited(source), 2, axis=1)])
    told = []
    first, second, third = preserve_batch(
        source,
        frames,
        shared_registration=True,
        hooks=Hooks(on_progress=lambda *step: told.append(step)),
    )
    assert told == [("preserve", i, 3, None) for i in (1, 2, 3)]
    assert first.registration is None  # equal pictures need none
    assert second.registration is not None
    assert np.array_equal(second.transform, third.transform)


@pytest.mark.parametrize("shape", [(40, 60), (900, 1700)])
def test_the_drift_is_always_a_picture_of_the_sources_shape(shape):
    source = np.full((*shape, 3), 90, np.uint8)
    other = np.full((30, 30, 3), 200, np.uint8)
    for result in (
        preserve(source, source),
        preserve(source, other),
        preserve(source, other, scope="local"),
        preserve(source, other, scope="global"),
    ):
        height, width = result.drift.shape
        assert height * width < 1_010_000
        assert height / width == pytest.approx(shape[0] / shape[1], rel=0.01)
        assert drift_image(result.drift, result.change_mask).size == (width, height)


def test_what_to_install_is_said_where_opencv_is_missing(backend):
    said = " ".join(opencv_hint())
    assert ("pip install opencv-python-headless" in said) == (backend == "scipy")


def test_an_editor_without_alpha_leaves_it_alone(backend):
    colour, changed = textured(), edited(textured())
    alpha = np.linspace(0, 255, 96 * 96).astype(np.uint8).reshape(96, 96, 1)
    source = np.concatenate([colour, alpha], axis=2)
    result = preserve(source, changed)
    assert result.report.decision == "lock" and result.image[40, 40, 0] > 200
    assert np.array_equal(result.image[..., 3:], alpha)
    opaque = preserve(source, np.concatenate([changed, np.full_like(alpha, 255)], axis=2)).image
    assert opaque[40, 40, 3] == 255


def test_a_mask_of_another_size_holds(backend):
    source = textured()
    small = np.zeros((24, 24), np.float32)
    small[:10, :10] = 1  # the edit is at 30 to 50 of 96, the mask ends at 40
    result = preserve(source, edited(source), small)
    changed = (result.image != source).any(axis=2)
    assert changed[32:38, 32:38].all() and not changed[42:].any() and not changed[:, 42:].any()


@SOME
@given(st.data())
def test_what_is_no_picture_is_refused_by_name_and_nothing_else_happens(data):
    shape = data.draw(hnp.array_shapes(min_dims=0, max_dims=5, min_side=0, max_side=5))
    kinds = [np.uint8, np.int32, np.float32, np.complex64, bool, "U3", object]
    array = np.zeros(shape, data.draw(st.sampled_from(kinds)))
    if array.size and array.dtype == np.float32:
        array.flat[0] = data.draw(st.sampled_from([0, np.nan, np.inf, -3, 255]))
    name = data.draw(st.sampled_from(["source", "edited", "mask"]))
    given_ = {"source": textured(size=20), "edited": textured(1, size=20), name: array}
    try:
        result = preserve(**given_)
    except ValueError as error:
        assert name in str(error)
    else:
        assert np.isfinite(result.image.astype(float)).all()


@pytest.mark.parametrize("number", range(20))
def test_whatever_two_pictures_are_given_one_comes_back(number):
    random_pair(np.random.default_rng(number))


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
    "tensor": lambda a: pytest.importorskip("torch").from_numpy(a)[None] / 255,
    "bfloat16": lambda a: (
        (t := pytest.importorskip("torch")).from_numpy(a)[None].to(t.bfloat16) / 255
    ),
}


@SOME
@given(st.sampled_from(sorted(FORMS)), st.sampled_from(sorted(FORMS)), st.booleans())
def test_any_two_kinds_of_picture_go_together(first, second, alike):
    source = textured(size=48)
    other = edited(source) if alike else 255 - textured(1, size=40)
    given_source, given_edited = FORMS[first](source), FORMS[second](other)
    result = preserve(given_source, given_edited)
    assert type(result.image) is type(given_source)
    if result.report.decision == "lock":
        size = "size" if isinstance(given_source, Image.Image) else "shape"
        assert getattr(result.image, size) == getattr(given_source, size)
    elif type(given_source) is type(given_edited):
        assert result.image is given_edited
        return
    assert (highest(result.image) > 1) == (highest(given_source) > 1)


def highest(picture) -> float:
    """The largest value: at most 1 only for floats in 0..1."""
    picture = picture.float() if hasattr(picture, "detach") else picture
    return float(np.asarray(picture).max())
