"""The diffusers painter on tiny random pipelines of the families people use."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path

import diffusers
import pytest
import torch

from tests.support import tiny_pipelines
from tests.support.fakes import FakeMLLM, scene
from wegen_core.copilot import Copilot
from wegen_core.painting import Painter, PaintSettings
from wegen_core.painting.diffusers import DiffusersPainter, load
from wegen_core.painting.families import FAMILIES, paint_size
from wegen_core.records.hooks import Hooks, Stopped
from wegen_core.records.plan import Plan, Reference

pytestmark = pytest.mark.slow

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
def painter_of(tmp_path_factory) -> Iterator[Callable[[str], DiffusersPainter]]:
    """The painter of a pipeline class, built once; Qwen's own 1024 x 1024 becomes AREA."""
    patch, painters = pytest.MonkeyPatch(), {}

    def painter_of(name: str) -> DiffusersPainter:
        if name not in painters:
            pipeline = MAKERS[name](tmp_path_factory.mktemp(name))
            for part in pipeline.components.values():
                if isinstance(part, torch.nn.Module):
                    part.eval()
            painters[name] = DiffusersPainter(pipeline, area=AREA)
            if name.startswith("Qwen"):
                module = __import__(type(pipeline).__module__, fromlist=["calculate_dimensions"])
                original = module.calculate_dimensions
                patch.setattr(module, "calculate_dimensions", lambda area, r: original(AREA, r))
        return painters[name]

    yield painter_of
    patch.undo()


@pytest.fixture(params=KNOWN)
def painter(request, painter_of) -> DiffusersPainter:
    return painter_of(request.param)


def paint(painter: DiffusersPainter, plan: Plan, *images, seed: int = 1, size=None):
    settings = PaintSettings(size=size, steps=2)
    return painter.paint([plan], list(images), seeds=[seed], settings=settings)[0]


def test_it_follows_the_protocol(painter):
    assert isinstance(painter, Painter) and painter.name == type(painter.pipeline).__name__


def test_an_image_depends_on_its_plan_and_seed_only(painter):
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
def test_the_image_to_be_changed_is_read_and_keeps_its_shape(painter, plan):
    images = [scene((64, 90)), scene((110, 81), "RGBA")]
    image = paint(painter, plan, *images)
    family, rescales = painter.spec.family, painter.spec.rescales
    painted = paint_size(110, 81, family, AREA, rescales=rescales)
    assert image.size == ((110, 81) if plan.base is None else painted)
    images[1].paste((0, 255, 0), (0, 0, 110, 81))
    assert paint(painter, plan, *images).tobytes() != image.tobytes()


@pytest.mark.parametrize("name", EDITORS)
def test_editors_see_the_image_at_the_size_they_paint(painter_of, name, monkeypatch):
    painter, encoded, painted = painter_of(name), [], []
    vae = painter.pipeline.vae
    encode, decode = vae.encode, vae.decode
    monkeypatch.setattr(
        vae, "encode", lambda x, *a, **k: (encoded.append(x), encode(x, *a, **k))[1]
    )

    def decoded(latents, *args, **kwargs):
        result = decode(latents, *args, **kwargs)
        painted.append(result[0])
        return result

    monkeypatch.setattr(vae, "decode", decoded)
    paint(painter, REFINE, scene((110, 81)))
    assert encoded[0].shape[-2:] == painted[0].shape[-2:]
    spec = painter.spec
    width, height = paint_size(110, 81, spec.family, AREA, rescales=spec.rescales)
    assert encoded[0].shape[-2:] == (height, width)


def test_several_references_are_read_where_the_pipeline_can(painter_of):
    for name in ("Flux2KleinPipeline", "QwenImageEditPlusPipeline"):
        if name in KNOWN:
            cat, boat = scene((20, 90)), scene((96, 96))
            image = paint(painter_of(name), COMPOSE, cat, boat)
            cat.paste((0, 255, 0), (0, 0, 20, 90))
            assert paint(painter_of(name), COMPOSE, cat, boat).tobytes() != image.tobytes()


def test_a_region_is_painted_over_by_inpainting(painter_of, monkeypatch):
    variants = []
    for auto in (diffusers.AutoPipelineForImage2Image, diffusers.AutoPipelineForInpainting):

        def from_pipe(pipeline, original=auto.from_pipe):
            variants.append(original(pipeline))
            return variants[-1]

        monkeypatch.setattr(auto, "from_pipe", from_pipe)
    pipeline = painter_of("StableDiffusionXLPipeline").pipeline
    painter = DiffusersPainter(pipeline, area=AREA)
    left, right = (
        Plan("refine", prompt="a red boat", region=region)
        for region in ((0.0, 0.0, 0.5, 1.0), (0.5, 0.0, 1.0, 1.0))
    )
    images = {paint(painter, plan, scene((96, 96))).tobytes() for plan in (left, right, REFINE)}
    assert len(images) == 3
    names = [type(variant).__name__ for variant in variants]  # each is built once
    assert names == ["StableDiffusionXLInpaintPipeline", "StableDiffusionXLImg2ImgPipeline"]
    assert all(variant.unet is pipeline.unet for variant in variants)


@pytest.mark.parametrize("plan", [GENERATE, REFINE], ids=["generate", "refine"])
def test_steps_are_reported_and_can_be_stopped(painter, plan):
    steps = []

    def report(stage, step, total, preview):
        steps.append((stage, step, total))

    images = [scene((96, 96))]
    settings = PaintSettings(steps=4, guidance=2.0)
    hooks = Hooks(on_progress=report)
    painter.paint([plan], images, seeds=[1], settings=settings, hooks=hooks)
    total = steps[0][2]
    assert steps == [("paint", k, total) for k in range(1, total + 1)] and total >= 2
    del steps[:]
    with pytest.raises(Stopped):
        painter.paint(
            [plan] * 2,
            images,
            seeds=[1, 2],
            settings=settings,
            hooks=Hooks(on_progress=report, should_stop=lambda: bool(steps)),
        )
    assert len(steps) == 1
    assert paint(painter, plan, *images)


def test_the_copilot_refines_with_it(painter):
    source = scene((96, 80))
    refined = Copilot(FakeMLLM(), painter).refine(source, "make it red")
    assert refined.image.size == source.size and painter.name in str(refined.report)


def test_a_folder_is_loaded(tmp_path):
    tiny_pipelines.sdxl(tmp_path / "words").save_pretrained(tmp_path / "sdxl")
    painter = load(tmp_path / "sdxl", device="cpu")
    painter.area = AREA
    assert painter.name == "sdxl" and painter.spec.family is FAMILIES["sdxl"]
    assert paint(painter, REFINE, scene((96, 80))).size == (96, 80)
    with pytest.raises(ValueError, match="offload 'model' needs an accelerator"):
        load(tmp_path / "sdxl", device="cpu", offload="model")
    with pytest.raises(FileNotFoundError, match=r"model_index\.json is missing"):
        load(tmp_path / "words")


@pytest.fixture(scope="module")
def sd_folder(tmp_path_factory) -> Path:
    """Stable Diffusion in half precision: weights of the variant fp16 only."""
    folder = tmp_path_factory.mktemp("models") / "sd"
    pipeline = tiny_pipelines.sd(folder.with_name("words"))
    pipeline.to(torch.float16).save_pretrained(folder, variant="fp16")
    return folder


def test_a_blackened_image_is_an_error(sd_folder, monkeypatch):
    painter = load(sd_folder, device="cpu")
    painter.area = AREA
    with pytest.raises(ValueError, match="safety checker of sd blackened the image; change the pr"):
        paint(painter, GENERATE)
    painter.pipeline.safety_checker = None
    assert len(paint(painter, GENERATE).getcolors(96 * 96)) > 100
    decode = painter.pipeline.vae.decode
    nan = torch.tensor(float("nan"))
    monkeypatch.setattr(painter.pipeline.vae, "decode", lambda *a, **k: [decode(*a, **k)[0] * nan])
    with pytest.raises(ValueError, match=r"not numbers \(NaN\).*float32"):
        paint(painter, GENERATE)


def test_folders_as_they_are_downloaded(sd_folder, tmp_path):
    cache = tmp_path / "models--Some--Tiny"
    snapshot = cache / "snapshots" / ("a" * 40)
    shutil.copytree(sd_folder, snapshot)
    shutil.rmtree(snapshot / "safety_checker")
    (cache / "refs").mkdir()
    (cache / "refs" / "main").write_text("a" * 40)
    painter = load(cache, device="cpu")
    assert painter.name == "Tiny" and painter.pipeline.safety_checker is None
    assert painter.pipeline.unet.dtype == torch.float32
    weights = snapshot / "unet" / "diffusion_pytorch_model.fp16.safetensors"
    weights.write_text("version https://git-lfs.github.com/spec/v1")
    with pytest.raises(ValueError, match=r"cannot be loaded as a diffusers pipeline"):
        load(cache, device="cpu")
    weights.unlink()
    with pytest.raises(FileNotFoundError, match=r"lacks unet \(its weights\)"):
        load(cache, device="cpu")
    shutil.rmtree(snapshot / "unet")
    with pytest.raises(FileNotFoundError, match="lacks unet"):
        load(cache, device="cpu")
    single = tmp_path / "sdxl.safetensors"
    single.touch()
    for path in (single, tmp_path):
        with pytest.raises(
            FileNotFoundError, match=r"sdxl\.safetensors is one file.*from_single_f"
        ):
            load(path)


@pytest.mark.parametrize(
    ("entry", "words"),
    [
        ({"_class_name": "NewerPipeline"}, "NewerPipeline, which diffusers .* update diffusers"),
        ({"text_encoder": ["transformers", "NewerModel"]}, "NewerModel, which transformers"),
        ({"_class_name": ["own", "OwnPipeline"]}, "needs Python code of its own"),
        ({"unet": ["own", "OwnUNet"]}, "needs Python code of its own"),
        ({"text_encoder": ["transformers", "AutoModel"]}, "needs Python code of its own"),
        ({"_class_name": None}, "needs Python code of its own"),
    ],
)
def test_code_of_a_folder_is_not_run(sd_folder, tmp_path, entry, words):
    folder = tmp_path / "sd"
    shutil.copytree(sd_folder, folder)
    index = folder / "model_index.json"
    index.write_text(json.dumps({**json.loads(index.read_text()), **entry}))
    for place in (folder, folder / "unet", folder / "text_encoder"):
        (place / "own.py").write_text(f"open({str(tmp_path / 'ran')!r}, 'w').close()")
    config = folder / "text_encoder" / "config.json"
    own = {"model_type": "own", "auto_map": {"AutoConfig": "own.Own", "AutoModel": "own.Own"}}
    config.write_text(json.dumps({**json.loads(config.read_text()), **own}))
    with pytest.raises(ValueError, match=words):
        load(folder, device="cpu")
    assert not (tmp_path / "ran").exists()


@pytest.mark.parametrize(
    ("offload", "method"),
    [("model", "enable_model_cpu_offload"), ("sequential", "enable_sequential_cpu_offload")],
)
def test_every_pipeline_of_the_same_models_is_offloaded(tmp_path, monkeypatch, offload, method):
    calls = []  # diffusers itself refuses without an accelerator

    def record(pipeline, device):
        calls.append((type(pipeline).__name__, device))

    monkeypatch.setattr(diffusers.DiffusionPipeline, method, record)
    pipeline = tiny_pipelines.sdxl(tmp_path)
    painter = DiffusersPainter(pipeline, area=AREA, offload=offload, device="cuda")
    paint(painter, REFINE, scene((96, 80)))
    paint(painter, REFINE, scene((96, 80)))
    assert calls == [
        ("StableDiffusionXLPipeline", "cuda"),
        ("StableDiffusionXLImg2ImgPipeline", "cuda"),
    ]
