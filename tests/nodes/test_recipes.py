"""Which recipe a model loaded in ComfyUI gets: by its class, and by its file where that is all."""

from __future__ import annotations

from dataclasses import replace
from types import SimpleNamespace

import pytest
from PIL import Image


@pytest.fixture(scope="module")
def recipes(pack):
    return pack.module("nodes.backend.recipes")


@pytest.fixture(scope="module")
def choice(pack):
    return pack.module("nodes.backend.recipe_choice")


def model(kind: str, **config):
    """What ComfyUI's MODEL shows of a model of that class in `supported_models`."""
    net = SimpleNamespace(
        model_config=type(kind, (), {"unet_config": config})(),
        memory_usage_factor_conds=("ref_latents",),
        concat_keys=(),
    )
    return SimpleNamespace(model=net)


@pytest.mark.parametrize(
    ("kind", "file", "recipe"),
    [
        ("Flux", "flux1-dev-kontext_fp8_scaled.safetensors", "FLUX Kontext"),
        ("Flux", "flux1-kontext-dev-Q8_0.gguf", "FLUX Kontext"),
        ("Flux", "FLUX1/flux1-dev.safetensors", "FLUX"),
        ("Flux", "flux1-krea-dev_fp8_scaled.safetensors", "FLUX"),
        ("QwenImage", "qwen_image_edit_2509_fp8_e4m3fn.safetensors", "Qwen-Image-Edit-Plus"),
        ("QwenImage", "qwen_image_edit_2511_bf16.safetensors", "Qwen-Image-Edit-Plus"),
        ("QwenImage", "Qwen-Image-Edit-Plus.safetensors", "Qwen-Image-Edit-Plus"),
        ("QwenImage", "qwen_image_edit_fp8_e4m3fn.safetensors", "Qwen-Image-Edit"),
        ("QwenImage", "Qwen_Image_Edit-Q4_K_M.gguf", "Qwen-Image-Edit"),
        ("QwenImage", "qwen_image_2512_fp8_e4m3fn.safetensors", "Qwen-Image"),
        ("FluxSchnell", "flux1-schnell.safetensors", "FLUX schnell"),
        ("SDXL", "devotion_xl.safetensors", "SDXL"),
        ("SD15", "", "Stable Diffusion"),
        ("Unknown", "dev.safetensors", "reference latents"),
    ],
)
def test_published_weights_get_their_recipe(recipes, kind, file, recipe):
    chosen, guessed = choice.recipe_for(model(kind), "auto", file)
    assert chosen.name == recipe and recipe in recipes.NAMES and not guessed


@pytest.mark.parametrize(
    ("kind", "file", "recipe"),
    [
        ("Flux", "my_mix_v3.safetensors", "FLUX Kontext"),
        ("Flux", "devotion.safetensors", "FLUX Kontext"),
        ("QwenImage", "", "Qwen-Image-Edit-Plus"),
    ],
)
def test_where_the_file_name_does_not_help_the_recipe_is_a_guess(recipes, kind, file, recipe):
    chosen, guessed = choice.recipe_for(model(kind), "auto", file)
    assert chosen.name == recipe and guessed
    again, guessed = choice.recipe_for(model(kind), recipe, file)
    assert again is chosen and not guessed


def test_a_recipe_of_another_family_is_refused(recipes):
    with pytest.raises(ValueError, match="'SDXL' does not fit the model, which is Flux; choose"):
        choice.recipe_for(model("Flux"), "SDXL")


def test_the_options_of_the_recipe_widget_never_change(recipes):
    assert recipes.NAMES == [
        "auto", "Stable Diffusion", "SDXL", "Stable Diffusion inpainting", "SDXL inpainting",
        "FLUX Kontext", "FLUX Fill", "FLUX", "FLUX schnell", "FLUX.2", "Qwen-Image-Edit-Plus",
        "Qwen-Image-Edit", "Qwen-Image", "reference latents", "image to image",
    ]  # fmt: skip


def test_recipes_refer_to_families_and_edit_as_these_do(pack, recipes):
    families = pack.module("wegen_core.painting.families").FAMILIES
    for recipe in recipes.RECIPES:
        assert any(recipe.family is family for family in families.values())
        by_noise = recipe.edit in ("noise", "fill")
        assert (recipe.family.edits == "noise") == by_noise
        assert recipe.max_images is None or 1 <= recipe.max_images < recipe.family.max_images


def test_the_painter_only_describes_images_and_does_not_paint(pack, recipes):
    painters = pack.module("nodes.backend.comfy_painter")
    painter = painters.ComfyPainter(recipes.RECIPES[0], model("SD15"), None, None)
    assert isinstance(painter, pack.module("wegen_core.painting").Painter) and painter.aligned
    with pytest.raises(RuntimeError, match="paints with ComfyUI's nodes only"):
        painter.paint([], [], seeds=[])


@pytest.mark.parametrize("size", [(333, 57), (1, 1), (1000, 3000)], ids=str)
def test_requests_have_the_sizes_of_their_family_or_those_of_the_widgets(pack, recipes, size):
    painters = pack.module("nodes.backend.comfy_painter")
    plan = pack.module("wegen_core.records.plan").Plan
    new, change = plan("generate", prompt="a boat"), plan("refine", prompt="a boat")
    image = Image.new("RGB", size)
    for recipe in recipes.RECIPES:
        if recipe.edit == "fill":
            change = replace(change, region=(0.0, 0.0, 1.0, 0.5))
        painter = painters.ComfyPainter(recipe, model("SD15"), None, None)
        side = round(recipe.family.area**0.5)
        assert painter.request(new, []).size == (side, side)
        for width, height in ((0, 0), (512, 256)):
            sized = replace(painter, width=width, height=height)
            request = sized.request(change, [image])
            area = width * height or recipe.family.area
            assert request.result_size == size and request.size[0] * request.size[1] <= area
            if width:
                assert sized.request(new, [image]).size == (512, 256)
