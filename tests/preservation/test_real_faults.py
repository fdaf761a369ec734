"""One small drawing for each kind of fault that real editors brought to light."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
from PIL import Image, ImageDraw
from scipy import ndimage

from tests.support.simulated_editor import texture
from wegen_core.preservation import DEFAULTS, preserve
from wegen_core.preservation.colour import fit_colour


def redrawn(image: np.ndarray, seed: int = 0) -> np.ndarray:
    """`image` after an editor that blurs a little and adds noise: uint8."""
    noise = np.random.default_rng(seed).normal(0, 1.5, image.shape)
    soft = ndimage.gaussian_filter(image.astype(float), (0.5, 0.5, 0))
    return np.clip(np.rint(soft + noise), 0, 255).astype(np.uint8)


def with_shapes(image: np.ndarray, draw_shapes) -> np.ndarray:
    """`image` with smooth shapes on it, drawn at four times the size."""
    height, width = image.shape[:2]
    large = Image.fromarray(image).resize((4 * width, 4 * height), Image.Resampling.NEAREST)
    draw_shapes(ImageDraw.Draw(large))
    return np.asarray(large.resize((width, height), Image.Resampling.BOX))


def test_many_small_things_on_texture_are_all_removed():
    """The noise model must not learn the edit as jitter of edges."""
    clean = (128 + 0.4 * (texture((200, 200), 1.5).astype(float) - 128)).astype(np.uint8)
    places = np.random.default_rng(1).uniform(20, 780, (60, 2))

    def balls(draw):
        for x, y in places:
            draw.ellipse((x - 14, y - 14, x + 14, y + 14), fill=(240, 240, 220))

    source = with_shapes(clean, balls)
    result = preserve(source, redrawn(clean))
    assert result.report.decision == "lock"
    differs = np.abs(source.astype(int) - clean).max(axis=2)
    assert (result.change_mask > 0.5)[differs > 60].mean() > 0.99
    assert (result.change_mask == 0)[
        ndimage.binary_dilation(differs > 0, iterations=5) == 0
    ].mean() > 0.99


def test_no_outline_of_a_removed_thing_stays():
    background = np.full((160, 160, 3), (205, 215, 225), np.uint8)
    background[100:] = texture((60, 160), 2.0)
    disc = lambda draw: draw.ellipse((160, 120, 380, 340), fill=(40, 50, 120))  # noqa: E731
    source = with_shapes(background, disc)
    result = preserve(source, redrawn(background))
    assert result.report.decision == "lock"
    rest = np.abs(result.image[:95].astype(int) - background[:95]).max(axis=2)
    assert rest.max() < 16


def test_nothing_is_left_of_small_letters_beside_the_large_ones_that_replace_them():
    paper = np.full((160, 160, 3), 235, np.uint8)
    paper[110:] = texture((50, 160), 2.0)

    def small(draw):
        for x in range(120, 520, 24):
            draw.line((x, 200, x + 20, 280), fill=(120, 120, 130), width=6)
            draw.line((x, 320, x - 14, 400), fill=(120, 120, 130), width=6)

    def bold(draw):
        draw.line((120, 180, 500, 400), fill=(10, 10, 15), width=26)
        draw.line((120, 400, 500, 190), fill=(10, 10, 15), width=26)

    source, target = with_shapes(paper, small), with_shapes(paper, bold)
    result = preserve(source, redrawn(target))
    assert result.report.decision == "lock"
    is_paper = ndimage.maximum_filter((target != target[0, 0]).any(axis=2), 3) == 0
    assert np.abs(result.image[is_paper].astype(int) - 235).max() < 25


def test_the_blur_around_what_was_added_is_not_taken_for_a_leftover():
    source = (128 + 0.5 * (texture((160, 160), 0.8).astype(float) - 128)).astype(np.uint8)
    disc = lambda draw: draw.ellipse((240, 240, 400, 400), fill=(250, 60, 40))  # noqa: E731
    edited = with_shapes(source, disc)
    added = (edited != source).any(axis=2)
    result = preserve(source, redrawn(edited))
    assert (result.change_mask > 0.5)[added].mean() > 0.95
    assert (result.change_mask > 0.5)[~added].sum() < 10


def test_small_holes_where_old_and_new_agree_belong_to_the_change():
    source = texture((160, 160), 2.0)
    target = source.copy()
    target[40:120, 40:120] = texture((80, 80), 2.0, seed=5)
    target[78:84, 78:84] = source[78:84, 78:84]
    result = preserve(source, redrawn(target))
    assert (result.change_mask[46:114, 46:114] == 1).all()


def test_a_local_edit_by_a_noisy_editor_is_not_taken_for_a_redrawn_image():
    source = texture((160, 160), 2.0)
    target = source.copy()
    target[50:90, 50:90] = 230, 20, 20
    noise = ndimage.gaussian_filter(np.random.default_rng(2).normal(size=source.shape), (1, 1, 0))
    edited = np.clip(target + 4 * noise / noise.std(), 0, 255).astype(np.uint8)
    result = preserve(source, edited)
    assert result.report.decision == "lock" and result.report.noise > 2.5


def test_a_few_coloured_edges_may_err_as_much_as_the_grey_ones():
    size, rng = (160, 160), np.random.default_rng(0)
    grey = 0.9 * (128 + 1.7 * (texture(size, 1.5).astype(float).mean(axis=2) - 128)) + 10
    image = np.clip(np.repeat(grey[..., None], 3, axis=2), 0, 255).astype(np.uint8)

    def bars(draw):
        for x in range(40, 600, 100):
            draw.rectangle((x, 400, x + 40, 560), fill=(205, 85, 85))

    source = with_shapes(image, bars)
    flow = ndimage.gaussian_filter(rng.normal(size=(2, *size)), (0, 4, 4))
    points = np.indices(size) + 0.6 * flow / flow.std()  # everything lies a little aside
    planes = np.moveaxis(source.astype(float), 2, 0)
    moved = [ndimage.map_coordinates(p, points, order=1, mode="nearest") for p in planes]
    assert not preserve(source, redrawn(np.stack(moved, axis=2))).change_mask.any()


def test_textures_of_which_hardly_a_detail_matches_are_another_image():
    """However small the residual is: nothing may be put back between details that differ."""
    faint = [128 + 3 / 50 * (texture((200, 200), 2.0, seed=s).astype(float) - 128) for s in (1, 2)]
    source, edited = (np.rint(image).astype(np.uint8) for image in faint)
    report = preserve(source, edited).report
    assert report.decision == "pass" and report.confidence > 0.9
    assert report.reason.endswith("of the details match")


def test_a_coloured_in_drawing_is_passed_and_a_tinted_one_is_not():
    paper = np.full((200, 200, 3), 250, np.uint8)

    def lines(draw):
        for i in range(40, 800, 60):
            draw.line((i, 0, 800 - i, 800), fill=(30, 30, 30), width=5)
            draw.line((0, i, 800, 800 - i), fill=(30, 30, 30), width=5)

    source = with_shapes(paper, lines)
    coloured = source.astype(float)
    coloured[20:90, 20:180] *= [0.95, 0.3, 0.3]
    coloured[110:180, 20:180] *= [0.3, 0.5, 0.95]
    result = preserve(source, redrawn(coloured))
    assert result.report.decision == "pass" and "colour" in result.report.reason
    tinted = redrawn(source * np.array([1.0, 0.98, 0.93]))
    assert preserve(source, tinted).report.decision == "lock"


def test_colours_that_the_fit_never_saw_are_left_as_they_are():
    source = texture((96, 96), 2.0).mean(axis=2, keepdims=True).repeat(3, axis=2).astype(np.uint8)
    source = (90 + source // 4).astype(np.uint8)
    edited = np.clip(source + np.array([14, 4, -8]), 0, 255).astype(np.uint8)
    everywhere = np.ones((96, 96), bool)
    transfer = fit_colour(source, edited, everywhere, True, DEFAULTS.colour)
    box = (0, 0, 1, 4)
    colours = np.array([[[255, 255, 255], [0, 0, 0], [250, 20, 20], [136, 126, 114]]], np.float32)
    white, black, red, grey = transfer.apply(colours, box)[0]
    assert (white == 255).all() and (black == 0).all()
    assert np.abs(red - [250, 20, 20]).max() < 6
    assert np.abs(grey - 122).max() < 3


def test_an_image_extended_on_all_sides_is_passed():
    whole = texture((150, 150))
    result = preserve(whole[12:138, 12:138], whole)
    assert result.report.decision == "pass" and "extended" in result.report.reason


def test_confidence_falls_near_the_threshold_and_says_what_to_look_at():
    source = texture((128, 128), 2.0)
    edited = source.copy()
    edited[40:60, 40:60] = 230, 20, 20
    sure = preserve(source, edited)
    assert sure.report.confidence > 0.9 and not sure.report.check
    shifted = np.clip(edited.astype(int) + 14, 0, 255).astype(np.uint8)
    doubtful = preserve(source, shifted)
    assert doubtful.report.confidence < 0.75
    assert "scope='global'" in doubtful.report.check
    assert doubtful.report.check in str(doubtful.report)
    forced = preserve(source, 255 - edited, scope="local")
    assert forced.report.reason.startswith("composited on request, although")


def test_a_hint_helps_and_does_not_limit():
    source = texture((128, 128), 2.0)
    edited = source.copy()
    edited[20:40, 20:40] = 230, 20, 20
    patch = edited[80:100, 80:100].astype(int)
    edited[80:100, 80:100] = np.clip(patch + 11, 0, 255)
    hint = np.zeros((128, 128), bool)
    hint[76:104, 76:104] = True
    strict = replace(DEFAULTS, change=replace(DEFAULTS.change, min_evidence=700.0))
    without, with_hint = (
        preserve(source, redrawn(edited), hint=h, settings=strict) for h in (None, hint)
    )
    weak, strong = (slice(84, 96),) * 2, (slice(24, 36),) * 2
    assert (with_hint.change_mask[strong] > 0.5).all()
    assert with_hint.change_mask[weak].mean() > without.change_mask[weak].mean() + 0.3


def test_a_passed_edit_has_the_dtype_of_its_source():
    source = texture((96, 96))
    edited = (255 - source[::-1]) / 255
    result = preserve(source, edited, scope="global")
    assert result.image.dtype == np.uint8
    assert np.abs(result.image - 255.0 * edited).max() <= 0.5


def test_the_cautious_result_is_preferred_in_great_doubt():
    source = texture((128, 128), 2.0)
    edited = source.copy()
    edited[40:60, 40:60] = 230, 20, 20
    shifted = np.clip(edited.astype(int) + 14, 0, 255).astype(np.uint8)
    wary = replace(DEFAULTS, locality=replace(DEFAULTS.locality, cautious_confidence=0.74))
    for settings, decision in ((DEFAULTS, "lock"), (wary, "pass")):
        report = preserve(source, shifted, settings=settings).report
        assert report.decision == decision and report.check
    assert "doubtful" in report.reason
    assert preserve(source, shifted, scope="local", settings=wary).report.decision == "lock"
