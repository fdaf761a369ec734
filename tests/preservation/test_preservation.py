"""Preservation: what an edit did not ask to change comes back, bit for bit."""

from __future__ import annotations

import json
import tracemalloc

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp
from PIL import Image
from scipy import ndimage

from tests.support.simulated_editor import GLOBAL, editor, to_picture
from wegen_core.playground.samples import Scene, Thing, draw, sample
from wegen_core.preservation import (
    Anchor,
    Report,
    drift_image,
    preserve,
    preserve_batch,
)
from wegen_core.preservation import (
    array_backend as filters,
)
from wegen_core.preservation.compositing.composite import beyond
from wegen_core.preservation.registration.initial_transform import plain_resize
from wegen_core.preservation.registration.mixed_model import (
    Evidence,
    centres,
    departures,
    nodes,
    smooth_warp,
)
from wegen_core.preservation.registration.register import Registration, register

FEW = settings(max_examples=12, deadline=None, suppress_health_check=[HealthCheck.too_slow])
SIDES = st.integers(1, 24)


def scene(colour: str = "red", background: str = "grass", second: str = "house") -> Scene:
    return Scene(background, (Thing("car", colour, "left"), Thing(second, "blue", "right")))


def drawing(size: int = 96, **kind: str) -> np.ndarray:
    return np.asarray(draw(scene(**kind), size))


def near(changed: np.ndarray, pixels: int) -> np.ndarray:
    return ndimage.binary_dilation(changed, iterations=pixels)


@st.composite
def pictures(draw_):
    """Noise, a constant or a gradient, of any small size and type."""
    shape = draw_(SIDES), draw_(SIDES), draw_(st.sampled_from([1, 3, 4]))
    seed = draw_(st.integers(0, 2**32 - 1))
    rng = np.random.default_rng(seed)
    values = {
        "noise": rng.random(shape),
        "constant": np.full(shape, rng.random()),
        "gradient": np.broadcast_to(np.linspace(0, 1, shape[1])[None, :, None], shape),
    }[draw_(st.sampled_from(["noise", "constant", "gradient"]))]
    kind = draw_(st.sampled_from([np.uint8, np.uint16, np.float32, np.float64]))
    white = np.iinfo(kind).max if np.issubdtype(kind, np.integer) else 1
    return (values * white).astype(kind)


@FEW
@given(pictures())
def test_an_equal_picture_gives_the_source(picture):
    result = preserve(picture, picture.copy())
    assert result.report.decision == "lock" and not result.change_mask.any()
    assert result.image.dtype == picture.dtype and np.array_equal(result.image, picture)


@FEW
@given(pictures(), pictures())
def test_any_two_pictures_give_a_picture(source, edited):
    result = preserve(source, edited)
    again = preserve(source, edited)
    assert np.array_equal(result.image, again.image)
    assert np.array_equal(result.change_mask, again.change_mask)
    assert np.isfinite(result.image.astype(float)).all() and np.isfinite(result.transform).all()
    assert result.change_mask.shape == source.shape[:2]
    if result.report.decision == "pass":
        assert result.image is edited
    else:
        assert result.image.shape == source.shape and result.image.dtype == source.dtype
        kept = result.change_mask == 0
        assert np.array_equal(result.image[kept], source[kept])


@FEW
@given(pictures(), pictures(), st.data(), st.sampled_from(["limit", "replace"]))
def test_nothing_changes_outside_a_given_mask(source, edited, data, mode):
    mask = data.draw(hnp.arrays(bool, source.shape[:2]))
    result = preserve(source, edited, mask, mask_mode=mode)
    assert result.report.decision == "lock" and result.image.shape == source.shape
    assert np.array_equal(result.image[~mask], source[~mask])
    assert not result.change_mask[~mask].any()


@pytest.mark.parametrize("drift", [0.0, 1.0])
@pytest.mark.parametrize("size", [64, 160])
def test_a_recoloured_thing_is_all_that_changes(drift, size):
    source, target = drawing(size), drawing(size, colour="yellow")
    changed = np.abs(source.astype(int) - target).max(axis=2) >= 8
    edited, truth = editor(target, np.random.default_rng(3), drift)
    result = preserve(source, edited)
    assert result.report.decision == "lock"
    away = ~near(changed, 4)
    assert (result.image == source).all(axis=2)[away].mean() > 0.995
    assert (result.change_mask > 0.5)[changed].mean() > 0.9
    closer = np.abs(result.image.astype(int) - target).sum(axis=2) < np.abs(
        source.astype(int) - target
    ).sum(axis=2)
    assert closer[changed].mean() > 0.7  # JPEG halves the colour of 64 px pictures
    assert result.report.psnr_after > result.report.psnr_before
    corners = np.array([[0, 0, 1], [size, 0, 1], [0, size, 1]]).T
    assert np.abs((result.transform - truth) @ corners).max() < 0.02 * size


@pytest.mark.parametrize("seed", [0, 1])
def test_no_edit_at_all_gives_the_source(seed):
    source = drawing(128)
    result = preserve(source, editor(source, np.random.default_rng(seed))[0])
    assert result.report.decision == "lock" and np.array_equal(result.image, source)


def test_another_size_is_no_change():
    source = drawing(128)
    edited = np.asarray(Image.fromarray(source).resize((144, 160), Image.Resampling.BICUBIC))
    result = preserve(source, edited)
    assert np.array_equal(result.image, source) and not result.report.changed


@pytest.mark.parametrize("name", GLOBAL)
def test_a_global_edit_passes_through(name):
    source = drawing(128)
    edited = np.asarray(to_picture(GLOBAL[name](source.astype(float))))
    edited, _ = editor(edited, np.random.default_rng(5), 0.5)
    result = preserve(source, edited)
    assert result.report.decision == "pass" and result.image is edited
    forced = preserve(source, edited, scope="local")
    assert forced.report.decision == "lock" and forced.image.shape == source.shape
    assert preserve(source, source + 0, scope="global").report.decision == "pass"


def test_small_things_before_a_new_background_stay_where_colours_are_meant():
    """All around them tells of another colour shift, which was none."""
    source, wanted = drawing(), drawing(background="night")
    noise = np.random.default_rng(6).normal(0, 3, wanted.shape)
    edited = np.asarray(to_picture(wanted + noise))
    result = preserve(source, edited, scope="local", align="none", colour="keep")
    things = ~near((source != wanted).any(axis=2), 2)
    assert 0.03 < things.mean() < 0.2
    assert np.array_equal(result.image[things], source[things])
    new = result.change_mask == 1
    assert new.mean() > 0.7
    assert np.abs(result.image[new].astype(float) - edited[new]).mean() < 1


@pytest.mark.parametrize("mode", ["L", "LA", "RGB", "RGBA", "I;16"])
def test_pil_pictures_keep_their_mode(mode):
    if mode == "I;16":
        wide = (drawing(64)[..., 0].astype(np.uint16) * 257, drawing(64, second="tree")[..., 0])
        source, edited = Image.fromarray(wide[0]), Image.fromarray(wide[1].astype(np.uint16) * 257)
    else:
        source = Image.fromarray(drawing(64)).convert(mode)
        edited = Image.fromarray(drawing(64, second="tree")).convert(mode)
    result = preserve(source, edited, scope="local")
    assert result.image.mode == mode and result.image.size == source.size
    assert result.change_mask.mode == "L" and result.change_mask.size == source.size
    kept = np.asarray(result.change_mask) == 0
    assert 0.3 < kept.mean() < 1
    assert np.array_equal(np.asarray(result.image)[kept], np.asarray(source)[kept])


def test_alpha_is_kept():
    alpha = np.linspace(0, 255, 96 * 96).reshape(96, 96, 1).astype(np.uint8)
    source = np.concatenate([drawing(), alpha], axis=2)
    result = preserve(source, drawing(colour="green"), scope="local")
    kept = result.change_mask == 0
    assert result.image.shape == source.shape
    assert np.array_equal(result.image[kept], source[kept])


def test_tensors_come_back_as_tensors():
    torch = pytest.importorskip("torch")
    source = torch.from_numpy(drawing(64)).float()[None] / 255
    edited = torch.from_numpy(drawing(64, colour="green")).float()[None] / 255
    result = preserve(source, edited, torch.ones(1, 64, 64))
    assert result.image.shape == source.shape and result.image.dtype == source.dtype
    assert result.change_mask.shape == (1, 64, 64)
    kept = result.change_mask[0] == 0
    assert torch.equal(result.image[0][kept], source[0][kept])


@pytest.mark.parametrize("shape", [(64, 64, 3), (300, 600, 3)])
def test_pictures_without_any_texture_do_no_harm(shape):
    source = np.full(shape, 0.5)
    edited = source.copy()
    edited[20:40, 30:50] = 0.2
    assert np.array_equal(preserve(source, edited).image[:10], source[:10])
    assert preserve(source, np.full(shape, 0.7)).image.shape == shape


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (("picture.png", np.zeros((4, 4, 3))), "source is a str"),
        ((np.zeros((0, 4, 3)), np.zeros((4, 4, 3))), "4x0"),
        ((np.zeros((4, 4, 3)), np.zeros((4, 4, 7))), r"edited has shape \(4, 4, 7\)"),
        ((np.zeros((2, 4, 4, 3)), np.zeros((4, 4, 3))), "batch of 2"),
        ((np.zeros((4, 4, 3)), np.full((4, 4, 3), np.nan)), "not finite"),
        ((np.zeros((4, 4, 3)), np.full((4, 4, 3), 200.0)), "up to 200"),
        ((np.zeros((4, 4, 3), int), np.zeros((4, 4, 3))), "dtype int64"),
        ((np.zeros((40, 40, 3)), np.zeros((4, 4, 3)), np.zeros((40, 80))), "80x40"),
    ],
)
def test_what_is_no_picture_is_named(arguments, message):
    with pytest.raises(ValueError, match=message):
        preserve(*arguments)


@pytest.mark.parametrize(
    "wrong",
    [
        {"mask_mode": "add"},
        {"scope": "none"},
        {"align": "homography"},
        {"colour": "none"},
        {"mask_mode": "replace"},
    ],
)
def test_wrong_settings_are_named(wrong):
    with pytest.raises(ValueError, match=next(iter(wrong))):
        preserve(drawing(64), drawing(64), **wrong)


def test_an_anchor_keeps_the_original_through_many_edits():
    rng = np.random.default_rng(1)
    original = drawing(128)
    anchor, touched = Anchor(original), np.zeros((128, 128), bool)
    for colour in ("yellow", "purple", "green", "red"):
        target = drawing(128, colour=colour)
        wish = np.where(
            (target != anchor.picture).any(axis=2, keepdims=True), target, anchor.picture
        )
        touched |= (target != original).any(axis=2)
        anchor.add(editor(wish, rng, 0.5)[0])
    away = ~near(touched, 4)
    assert (anchor.picture == original).all(axis=2)[away].mean() > 0.99
    assert len(anchor.masks) == 4 and anchor.owner.max() == 4
    kept = anchor.owner == 0
    assert np.array_equal(anchor.picture[kept], original[kept])
    assert anchor.kept() == kept.mean() > 0.5


def test_an_anchor_takes_a_global_edit_as_a_whole():
    anchor = Anchor(drawing(64))
    anchor.add(255 - drawing(96), scope="global")
    assert anchor.picture.shape == (96, 96, 3) and anchor.kept() == 0


def test_batches_must_match_and_may_share_a_registration():
    sources = np.stack([drawing(96), drawing(96, background="sea")])
    moved = np.stack([editor(s, np.random.default_rng(2))[0] for s in sources])
    first, second = preserve_batch(sources, moved, shared_registration=True)
    assert np.array_equal(first.transform, second.transform)
    assert first.image.shape == (1, 96, 96, 3) and first.change_mask.shape == (1, 96, 96)
    assert len(preserve_batch(sources[0], list(moved[:, None]))) == 2
    with pytest.raises(ValueError, match="source holds 2 but edited holds 3"):
        preserve_batch(sources, [moved[0]] * 3)
    with pytest.raises(ValueError, match="no picture"):
        preserve_batch([], [])


def test_a_registration_of_another_size_is_refused():
    found = preserve(drawing(64), drawing(64, colour="green")).registration
    with pytest.raises(ValueError, match="registration is for a source of 64x64"):
        preserve(drawing(96), drawing(96, colour="green"), registration=found)


def test_the_report_reads_and_serialises():
    result = preserve(drawing(), drawing(colour="green"))
    record = json.loads(result.report.to_json())
    assert record["decision"] == "lock" and 0 < record["changed"] < 0.5
    assert "changed" in str(result.report)
    assert "the editor moved nothing" in str(Report("lock", "a local edit", shift=(0.004, 0.0)))
    moved = str(Report("lock", "-", shift=(0.006, 0.0)))
    assert "moved the picture by +0.01, +0.00 px, scale 1.0000" in moved
    nothing = json.loads(Report("lock", "nothing changed", psnr_after=float("inf")).to_json())
    assert nothing["psnr_after"] == "inf" and nothing["psnr_before"] is None
    picture = drift_image(result.drift, result.change_mask)
    assert picture.mode == "RGB" and picture.size == result.drift.shape[::-1]


@pytest.mark.skipif(filters.cv2 is None, reason="OpenCV is not installed")
def test_without_opencv_the_result_is_nearly_the_same(monkeypatch):
    source, edited = drawing(64), editor(drawing(64, colour="green"), np.random.default_rng(0))[0]
    fast = preserve(source, edited)
    monkeypatch.setattr(filters, "cv2", None)
    slow = preserve(source, edited)
    assert slow.report.decision == fast.report.decision
    assert np.abs(slow.change_mask - fast.change_mask).mean() < 0.01


@pytest.mark.parametrize("size", [64, 128, 256])
def test_a_moved_thing_does_not_move_the_picture(size):
    before = Scene("grass", (Thing("ball", "orange", "left"), Thing("cat", "blue", "right")))
    after = Scene("grass", (Thing("ball", "orange", "left"), Thing("cat", "blue", "middle")))
    source, edited = (np.asarray(draw(s, size)) for s in (before, after))
    changed = np.abs(source.astype(int) - edited).max(axis=2)
    result = preserve(source, edited)
    assert result.report.decision == "lock" and np.array_equal(result.transform, np.eye(3))
    assert np.array_equal(result.image[changed == 0], source[changed == 0])
    assert (result.change_mask > 0.5)[changed >= 8].mean() > 0.9


@pytest.mark.parametrize("share", [0.25, 0.4])
def test_a_picture_that_moved_far_as_a_whole_is_followed(share):
    rng = np.random.default_rng(1)
    texture = ndimage.gaussian_filter(rng.normal(128, 900, (160, 400, 3)), (4, 4, 0))
    wide = np.clip(texture, 0, 255).astype(np.uint8)
    shift = round(share * 240)
    found = register(wide[:, shift : shift + 240], wide[:, :240])
    assert found.moved and np.allclose(
        found.matrix, [[1, 0, shift], [0, 1, 0], [0, 0, 1]], atol=0.5
    )


def test_faint_hills_hold_a_picture_whose_only_sharp_thing_is_replaced():
    before = Scene("desert", (Thing("star", "red", "middle"),))
    after = Scene("desert", (Thing("boat", "green", "middle"),))
    source, target = (np.asarray(draw(s, 256)) for s in (before, after))
    edited, truth = editor(target, np.random.default_rng(3))
    found = register(source, edited).matrix
    corners = np.array([[0, 255, 0, 255], [0, 0, 255, 255], [1, 1, 1, 1]])
    assert np.hypot(*((found - truth) @ corners)[:2]).max() < 1


@pytest.mark.parametrize("seed", [28, 39, 46])
def test_a_picture_is_not_stretched_to_look_alike(seed):
    rng = np.random.default_rng(seed)
    source = np.asarray(draw(sample(rng), 256))
    edited, _ = editor(GLOBAL["zoomed"](source), rng, 0.5)
    most, least = np.linalg.svd(register(source, edited).matrix[:2, :2], compute_uv=False)
    assert most / least < 1.25


def test_a_smooth_warp_is_told_from_its_affine_trend():
    size = (96, 128)
    grid = nodes(size)
    x, y = np.moveaxis(centres(grid, size), -1, 0)
    bend = np.stack([np.sin(x / 20), np.cos(y / 25)], axis=-1)
    affine = np.stack([0.01 * x + 1.5, -0.02 * y], axis=-1)
    tensor = np.tile([1.0, 0.0, 1.0], (*grid, 1))
    tensor[:2] = 0  # nothing is known there
    tensor[2:, :2, 0] = 0  # nor sideways there
    moved = bend + affine
    pull = moved * tensor[..., [0, 2]]
    made = smooth_warp(Evidence(tensor, pull, 0.1, size), np.zeros((*grid, 2), np.float32))
    error = np.abs(made.flow - moved)
    assert error[3:, 3:].max() < 0.1 and error.max() < 1.5
    slope = centres(grid, size) @ (made.trend[:2, :2] - np.eye(2)).T + made.trend[:2, 2]
    assert 0.2 < np.abs(moved - slope).mean() < 1.0  # the waves; the slope is the affine map's
    assert abs(made.rest - np.sqrt(np.mean((moved - slope) ** 2))) < 0.1


def test_evidence_weighs_less_beside_a_warp():
    size, grid = (96, 128), nodes((96, 128))
    tensor, vector = np.tile([0.5, 0.0, 0.5], (*grid, 1)), np.zeros((*grid, 2))
    shifted, zoomed = np.eye(3), np.diag([1.01, 1.01, 1.0])
    shifted[0, 2] = 0.5
    evidence = Evidence(tensor, vector, 0.1, size)
    alone, warped = (departures(evidence, r, [np.eye(3), shifted, zoomed]) for r in (0.0, 1.0))
    assert alone[0] == warped[0] == 0 and min(alone[1:]) > 100
    assert np.isclose(alone[1], 0.5**2 * 0.5 / 0.1 * evidence.count)
    assert max(warped[1:]) < 0.2 * min(alone[1:])


def texture(size: tuple[int, int], seed: int = 0) -> np.ndarray:
    noise = ndimage.gaussian_filter(
        np.random.default_rng(seed).normal(size=(*size, 3)), (1.5, 1.5, 0)
    )
    return np.uint8(np.clip(128 + 300 * noise, 0, 255))


def warped(picture: np.ndarray, x: np.ndarray, y: np.ndarray) -> np.ndarray:
    return filters.warp(picture.astype(np.float32), *(p.astype(np.float32) for p in (x, y)))


def test_a_warp_alone_moves_no_frame_and_a_shift_alone_bends_nothing():
    source = texture((192, 256))
    y, x = np.mgrid[:192, :256].astype(np.float32)
    bend = 1.2 * np.sin(x / 25) * np.cos(y / 20)
    found = register(source, np.rint(warped(source, x + bend, y - bend)).astype(np.uint8))
    assert np.array_equal(found.matrix, plain_resize(source.shape, source.shape)) and found.moved
    u, v = found.points((16, 16, 176, 240))
    inner = np.s_[16:176, 16:240]
    assert np.hypot(u + bend[inner] - x[inner], v - bend[inner] - y[inner]).mean() < 0.25
    found = register(source, np.rint(warped(source, x + 2.3, y - 1.6)).astype(np.uint8))
    assert found.flow is None and np.abs(found.matrix[:2, 2] - [-2.3, 1.6]).max() < 0.05


def test_a_relation_told_by_another_matrix_stays_the_same():
    rng = np.random.default_rng(0)
    flow = ndimage.gaussian_filter(rng.normal(size=(9, 12, 2)), (2, 2, 0)).astype(np.float32)
    found = Registration(np.eye(3), (90, 120), True, 0.0, 1.0, flow)
    other = found.about(np.array([[1.01, 0.002, 0.4], [-0.003, 0.99, 0.2], [0, 0, 1.0]]))
    for old, new in zip(
        found.points((10, 10, 80, 110)), other.points((10, 10, 80, 110)), strict=True
    ):
        assert np.abs(old - new).max() < 0.02


def test_what_the_frame_cut_off_fades_out_beyond_it():
    size, width = (64, 80), 40  # the edited picture covers the left half
    found = Registration(np.eye(3), size, True, 0.0, 1.0)
    inside, mask = np.zeros((2, *size), bool)
    inside[:, :width] = True
    mask[20:40, 30:width] = True
    fade = beyond(mask, inside, found, (size[0], width))
    assert not fade[:, : width - 4].any() and not fade[:10].any()
    assert fade[30, width] > 0.8 and (np.diff(fade[30, width:]) <= 0).all() and fade[30, -1] == 0
    mask[:, 30:width] = True  # a new background
    assert beyond(mask, inside, found, (size[0], width))[:, width:].min() > 0.9


def test_memory_stays_a_small_multiple_of_the_picture():
    rng = np.random.default_rng(0)
    small = rng.integers(0, 256, (24, 24, 3), np.uint8)
    source = np.asarray(Image.fromarray(small).resize((1000, 1000)))
    edited = source.copy()
    edited[300:500, 300:500] = 255 - edited[300:500, 300:500]
    preserve(source[:200, :200], edited[:200, :200])  # imports and caches do not count
    tracemalloc.start()
    result = preserve(source, edited)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert result.report.decision == "lock" and peak < 12 * source.nbytes


@pytest.mark.parametrize("times", [2, 3])
def test_a_larger_edited_picture_is_averaged_down_not_sampled(times):
    rng = np.random.default_rng(0)
    large = rng.integers(0, 256, (96 * times, 96 * times, 3), dtype=np.uint8)
    source = filters.resize(large, (96, 96))
    changed = (slice(30 * times, 60 * times),) * 2
    large[changed] = rng.integers(0, 256, large[changed].shape)
    wanted = filters.resize(large, (96, 96))[30:60, 30:60].astype(float)
    result = preserve(source, large, scope="local", align="none")
    inner = result.image[30:60, 30:60].astype(float)
    assert np.abs(inner - wanted)[2:-2, 2:-2].mean() < 4
