"""The diffusers painter on tiny random pipelines of the families people use."""

from __future__ import annotations

import math
from collections.abc import Callable
from functools import partial

import diffusers
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from tests.support import tiny_pipelines
from tests.support.fakes import FakeMLLM, scene
from wegen_core.copilot import Copilot
from wegen_core.painting import Painter, PaintSettings
from wegen_core.painting.diffusers import DiffusersPainter, load
from wegen_core.painting.families import FAMILIES, family_of, instruction, paint_size, shown_size
from wegen_core.records.hooks import Hooks, Stopped
from wegen_core.records.plan import Plan, Reference

AREA = 96 * 96
MAKERS = {
    "StableDiffusionXLPipeline": tiny_pipelines.sdxl,
    "FluxKontextPipeline": tiny_pipelines.kontext,
    "Flux2KleinPipeline": tiny_pipelines.flux2,
    "QwenImageEditPlusPipeline": partial(tiny_pipelines.qwen_edit, plus=True),
    "QwenImageEditPipeline": partial(tiny_pipelines.qwen_edit, plus=False),
}
KNOWN = [name for name in MAKERS if hasattr(diffusers, name)]
EDITORS = [name for name in KNOWN if "Diffusion" not in name]

GENERATE = Plan("generate", prompt="a red boat by the sea")
REFINE = Plan("refine", prompt="a red boat by the sea", changes=("the boat is red",))
COMPOSE = Plan(
    "compose",
    prompt="a cat on a boat",
    references=(Reference(1, "subject", "the cat"), Reference(2, "base")),
)


@pytest.fixture(scope="module")
def made(tmp_path_factory) -> Callable[[str], DiffusersPainter]:
    """The painter of a pipeline class, made once; Qwen's own 1024 x 1024 becomes AREA."""
    patch, found = pytest.MonkeyPatch(), {}

    def make(name: str) -> DiffusersPainter:
        if name not in found:
            pipeline = MAKERS[name](tmp_path_factory.mktemp(name))
            for part in pipeline.components.values():
                if isinstance(part, torch.nn.Module):
                    part.eval()
            found[name] = DiffusersPainter(pipeline, area=AREA)
            if name.startswith("Qwen"):
                module = __import__(type(pipeline).__module__, fromlist=["calculate_dimensions"])
                own = module.calculate_dimensions
                patch.setattr(module, "calculate_dimensions", lambda area, r: own(AREA, r))
        return found[name]

    yield make
    patch.undo()


@pytest.fixture(params=KNOWN)
def painter(request, made) -> DiffusersPainter:
    return made(request.param)


def paint(painter: DiffusersPainter, plan: Plan, *images, seed: int = 1, size=None):
    settings = PaintSettings(size=size, steps=2)
    return painter.paint([plan], list(images), seeds=[seed], settings=settings)[0]


def test_it_follows_the_protocol(painter):
    assert isinstance(painter, Painter) and painter.name == type(painter.pipeline).__name__


def test_a_picture_depends_on_its_plan_and_seed_only(painter):
    one = paint(painter, GENERATE)
    other = Plan("generate", prompt="a blue car on the grass")
    plans = [other, GENERATE, GENERATE]
    batch = painter.paint(plans, [], seeds=[1, 1, 2], settings=PaintSettings(steps=2))
    assert one.mode == "RGB" and one.size == (96, 96)
    assert batch[1].tobytes() == one.tobytes()
    assert len({i.tobytes() for i in batch}) == 3
    with pytest.raises(ValueError, match="1 seeds for 2 plans"):
        painter.paint([GENERATE] * 2, [], seeds=[1])


def test_any_size_is_painted_and_comes_back_as_asked(painter, monkeypatch):
    assert paint(painter, GENERATE, size=(70, 45)).size == (70, 45)
    painted = []
    decode = painter.pipeline.vae.decode

    def decoded(latents, *args, **kwargs):
        result = decode(latents, *args, **kwargs)
        painted.append(tuple(result[0].shape[-2:]))
        return result

    monkeypatch.setattr(painter.pipeline.vae, "decode", decoded)
    assert paint(painter, GENERATE, size=(128, 64)).size == (128, 64)
    assert painted == [(64, 128)]


@pytest.mark.parametrize("plan", [REFINE, COMPOSE], ids=["refine", "compose"])
def test_the_picture_to_be_changed_is_read_and_keeps_its_size(painter, plan):
    pictures = [scene((64, 90)), scene((110, 81), "RGBA")]
    image = paint(painter, plan, *pictures)
    assert image.size == (110, 81)
    pictures[1].paste((0, 255, 0), (0, 0, 110, 81))
    assert paint(painter, plan, *pictures).tobytes() != image.tobytes()


@pytest.mark.parametrize("name", EDITORS)
def test_editors_see_the_picture_at_the_size_they_paint(made, name, monkeypatch):
    painter, seen, painted = made(name), [], []
    vae = painter.pipeline.vae
    encode, decode = vae.encode, vae.decode
    monkeypatch.setattr(vae, "encode", lambda x, *a, **k: (seen.append(x), encode(x, *a, **k))[1])

    def decoded(latents, *args, **kwargs):
        result = decode(latents, *args, **kwargs)
        painted.append(result[0])
        return result

    monkeypatch.setattr(vae, "decode", decoded)
    paint(painter, REFINE, scene((110, 81)))
    assert seen[0].shape[-2:] == painted[0].shape[-2:]
    width, height = paint_size(110, 81, painter.family, AREA)
    assert seen[0].shape[-2:] == (height, width)


def test_several_references_are_read_where_the_pipeline_can(made):
    for name in ("Flux2KleinPipeline", "QwenImageEditPlusPipeline"):
        if name in KNOWN:
            cat, boat = scene((20, 90)), scene((96, 96))
            image = paint(made(name), COMPOSE, cat, boat)
            cat.paste((0, 255, 0), (0, 0, 20, 90))
            assert paint(made(name), COMPOSE, cat, boat).tobytes() != image.tobytes()


def test_a_region_is_painted_over_by_inpainting(made):
    painter = made("StableDiffusionXLPipeline")
    left, right = (
        Plan("refine", prompt="a red boat", region=region)
        for region in ((0.0, 0.0, 0.5, 1.0), (0.5, 0.0, 1.0, 1.0))
    )
    images = {paint(painter, plan, scene((96, 96))).tobytes() for plan in (left, right, REFINE)}
    assert len(images) == 3
    assert set(painter._others) == {"image", "inpaint"}
    assert painter._others["inpaint"].unet is painter.pipeline.unet


@pytest.mark.parametrize("plan", [GENERATE, REFINE], ids=["generate", "refine"])
def test_steps_are_reported_and_stop_is_heard(painter, plan):
    heard = []

    def report(stage, step, total, preview):
        heard.append((stage, step, total))

    pictures = [scene((96, 96))]
    settings = PaintSettings(steps=4, guidance=2.0)
    hooks = Hooks(on_progress=report)
    painter.paint([plan], pictures, seeds=[1], settings=settings, hooks=hooks)
    total = heard[0][2]
    assert heard == [("paint", k, total) for k in range(1, total + 1)] and total >= 2
    del heard[:]
    with pytest.raises(Stopped):
        painter.paint(
            [plan] * 2,
            pictures,
            seeds=[1, 2],
            settings=settings,
            hooks=Hooks(on_progress=report, should_stop=lambda: bool(heard)),
        )
    assert len(heard) == 1
    assert paint(painter, plan, *pictures)


def test_the_copilot_refines_with_it(painter):
    source = scene((96, 80))
    done = Copilot(FakeMLLM(), painter).refine(source, "make it red")
    assert done.image.size == source.size and painter.name in str(done.report)


def test_a_folder_is_loaded(tmp_path):
    tiny_pipelines.sdxl(tmp_path / "words").save_pretrained(tmp_path / "sdxl")
    painter = load(tmp_path / "sdxl", device="cpu")
    painter.area = AREA
    assert painter.name == "sdxl" and painter.family.prefix == "StableDiffusionXL"
    assert paint(painter, REFINE, scene((96, 80))).size == (96, 80)
    with pytest.raises(ValueError, match="offload 'model' needs an accelerator"):
        load(tmp_path / "sdxl", device="cpu", offload="model")
    with pytest.raises(FileNotFoundError, match="model_index.json is missing"):
        load(tmp_path / "words")


@pytest.mark.parametrize(
    ("offload", "method"),
    [("model", "enable_model_cpu_offload"), ("sequential", "enable_sequential_cpu_offload")],
)
def test_every_pipeline_of_the_same_models_is_offloaded(tmp_path, monkeypatch, offload, method):
    told = []  # diffusers itself refuses without an accelerator

    def record(pipeline, device):
        told.append((type(pipeline).__name__, device))

    monkeypatch.setattr(diffusers.DiffusionPipeline, method, record)
    pipeline = tiny_pipelines.sdxl(tmp_path)
    painter = DiffusersPainter(pipeline, area=AREA, offload=offload, device="cuda")
    paint(painter, REFINE, scene((96, 80)))
    paint(painter, REFINE, scene((96, 80)))
    assert told == [
        ("StableDiffusionXLPipeline", "cuda"),
        ("StableDiffusionXLImg2ImgPipeline", "cuda"),
    ]


def test_every_pipeline_has_a_family():
    for name in (*MAKERS, "StableDiffusionPipeline", "ChromaPipeline"):
        family = family_of(type(name, (), {})())
        assert name.startswith(family.prefix)
    assert family_of(object()).edits == "none"


@pytest.mark.parametrize("family", FAMILIES, ids=lambda f: f.prefix or "any")
@given(width=st.integers(200, 4000), ratio=st.floats(0.3, 3.3))
def test_sizes_are_those_the_pipeline_likes(family, width, ratio):
    height = max(1, round(width / ratio))
    w, h = paint_size(width, height, family, family.area)
    assert w % family.multiple == h % family.multiple == 0
    assert 0.85 < w * h / family.area < 1.1 and (family.rescales or w * h <= family.area)
    assert abs(math.log(w / h) - math.log(width / height)) < 0.06
    assert paint_size(w, h, family, family.area) == (w, h) or not family.rescales


def test_extreme_shapes_have_a_size():
    for family in FAMILIES:
        for size in ((1, 5000), (5000, 1), (1, 1)):
            assert min(paint_size(*size, family, family.area)) >= family.multiple
    flux2 = next(f for f in FAMILIES if f.prefix == "Flux2")
    assert shown_size(20, 90, flux2) == (64, 288) and shown_size(640, 90, flux2) == (640, 90)


def test_instructions_say_what_changes_what_stays_and_who_gives_what():
    rows = {f.prefix: f for f in FAMILIES}
    kept = Plan("refine", prompt="x", changes=("the boat is red",), keep=("the sea", "the sky"))
    told = instruction(kept, rows["FluxKontext"], [1])
    assert told == "the boat is red while keeping the sea, the sky unchanged."
    assert "everything else" in instruction(REFINE, rows["Flux2"], [1])
    told = instruction(COMPOSE, rows["QwenImageEditPlus"], [2, 1])
    assert told == (
        "a cat on a boat. Take the cat from picture 2. "
        "Picture 1 is the scene; its other parts stay as they are."
    )
    style = Plan(
        "refine", prompt="x", changes=("a new style",), references=(Reference(1, "style"),)
    )
    assert "Take the style from picture 2, and nothing else of it." in instruction(
        style, rows["QwenImageEditPlus"], [3, 1]
    )
