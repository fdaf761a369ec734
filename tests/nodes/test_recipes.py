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


PUBLISHED = [
    # class in ComfyUI, what its configuration says, file as published, recipe
    ("Flux", {}, "flux1-dev-kontext_fp8_scaled.safetensors", "FLUX Kontext"),
    ("Flux", {}, "flux1-kontext-dev-Q8_0.gguf", "FLUX Kontext"),
    ("Flux", {}, "FLUX1/flux1-dev.safetensors", "FLUX"),
    ("Flux", {}, "flux1-krea-dev_fp8_scaled.safetensors", "FLUX"),
    ("FluxSchnell", {}, "flux1-schnell.safetensors", "FLUX schnell"),
    ("Flux2", {"guidance_embed": True}, "flux2_dev_fp8mixed.safetensors", "FLUX.2"),
    ("Flux2", {"guidance_embed": True}, "", "FLUX.2"),
    ("Flux2", {}, "flux-2-klein-4b-fp8.safetensors", "FLUX.2 Klein"),
    ("Flux2", {}, "flux-2-klein-9b.safetensors", "FLUX.2 Klein"),
    ("Flux2", {}, "flux-2-klein-base-9b-fp8.safetensors", "FLUX.2 Klein base"),
    ("Flux2", {}, "flux-2-klein-9b-kv-fp8.safetensors", "FLUX.2 Klein KV"),
    ("Flux3Model", {}, "flux3-image-klein-base-int8-convrot.safetensors", "FLUX.3 Klein base"),
    ("Flux3Model", {}, "flux3-image-klein-int8-convrot.safetensors", "FLUX.3 Klein"),
    ("QwenImage", {}, "qwen_image_edit_2509_fp8_e4m3fn.safetensors", "Qwen-Image-Edit-Plus"),
    ("QwenImage", {}, "qwen_image_edit_2511_bf16.safetensors", "Qwen-Image-Edit-2511"),
    ("QwenImage", {}, "Qwen-Image-Edit-Plus.safetensors", "Qwen-Image-Edit-Plus"),
    ("QwenImage", {}, "qwen_image_edit_fp8_e4m3fn.safetensors", "Qwen-Image-Edit"),
    ("QwenImage", {}, "Qwen_Image_Edit-Q4_K_M.gguf", "Qwen-Image-Edit"),
    ("QwenImage", {}, "FireRed-Image-Edit-1.1-transformer.safetensors", "FireRed-Image-Edit"),
    ("QwenImage", {}, "qwen_image_2512_fp8_e4m3fn.safetensors", "Qwen-Image"),
    ("QwenImage21", {}, "qwen_image_2.1_int8_convrot.safetensors", "Qwen-Image-2.1"),
    ("QwenImage21", {}, "qwen_image_2.1_turbo_int8_convrot.safetensors", "Qwen-Image-2.1-Turbo"),
    ("ZImage", {}, "z_image_turbo_bf16.safetensors", "Z-Image-Turbo"),
    ("ZImage", {}, "z_image_bf16.safetensors", "Z-Image"),
    ("ZImage", {"siglip_feat_dim": 1152}, "", "Z-Image-Omni"),
    ("JoyImage", {}, "", "JoyAI-Image-Edit"),
    ("MageFlow", {}, "mage_flow_edit_int8_convrot.safetensors", "Mage-Flow-Edit"),
    ("MageFlow", {}, "mage_flow_edit_turbo_int8_convrot.safetensors", "Mage-Flow-Edit-Turbo"),
    ("MageFlow", {}, "mage_flow_int8_convrot.safetensors", "Mage-Flow"),
    ("MageFlow", {}, "mage_flow_turbo_int8_convrot.safetensors", "Mage-Flow-Turbo"),
    ("LongCatImage", {}, "longcat_image_edit_bf16.safetensors", "LongCat-Image-Edit"),
    ("LongCatImage", {}, "longcat_image_bf16.safetensors", "LongCat-Image"),
    ("HiDream", {}, "hidream_e1_1_bf16.safetensors", "HiDream-E1.1"),
    ("HiDream", {}, "hidream_e1_full_bf16.safetensors", "HiDream-E1-Full"),
    ("HiDream", {}, "hidream_i1_full_fp8.safetensors", "HiDream-I1"),
    ("HiDream", {}, "hidream_i1_dev_bf16.safetensors", "HiDream-I1-Dev"),
    ("HiDream", {}, "hidream_i1_fast_bf16.safetensors", "HiDream-I1-Fast"),
    ("HiDreamO1", {}, "hidream_o1_image_bf16.safetensors", "HiDream-O1"),
    ("HiDreamO1", {}, "hidream_o1_image_dev_fp8_scaled.safetensors", "HiDream-O1-Dev"),
    ("Omnigen2", {}, "", "OmniGen2"),
    ("Fibo2Model", {}, "fibo2_dev_int8_convrot.safetensors", "FIBO 2"),
    ("Fibo2Model", {}, "fibo2_edit_turbo_int8_convrot.safetensors", "FIBO 2 Edit Turbo"),
    ("MossModel", {}, "moss_image_sft_int8_convrot.safetensors", "MOSS-Image"),
    ("Boogu", {}, "boogu_image_edit_fp8_scaled.safetensors", "Boogu-Image-Edit"),
    ("Boogu", {}, "boogu_image_turbo_fp8_scaled.safetensors", "Boogu-Image-Turbo"),
    ("MingModel", {}, "ming_image_0.1_design_int8_convrot.safetensors", "Ming-Image-Design"),
    ("SD3", {}, "sd3.5_large_fp8_scaled.safetensors", "Stable Diffusion 3.5"),
    ("Chroma", {}, "Chroma1-HD-fp8mixed.safetensors", "Chroma"),
    ("Lumina2", {}, "", "Lumina 2"),
    ("SDXL", {}, "devotion_xl.safetensors", "SDXL"),
    ("SD15", {}, "", "Stable Diffusion"),
    ("Unknown", {}, "dev.safetensors", "reference latents"),
]


@pytest.mark.parametrize(("kind", "config", "file", "recipe"), PUBLISHED)
def test_published_weights_get_their_recipe(recipes, choice, kind, config, file, recipe):
    chosen, guessed = choice.recipe_for(model(kind, **config), "auto", file)
    assert chosen.name == recipe and recipe in recipes.NAMES and not guessed


def test_every_recipe_is_that_of_published_weights_or_chosen_by_hand(recipes):
    by_hand = {"Stable Diffusion inpainting", "SDXL inpainting", "FLUX Fill", "MOSS-Image-Edit"}
    published = {recipe for *_, recipe in PUBLISHED}
    assert set(recipes.NAMES) - published - by_hand == {"auto", "image to image"}


@pytest.mark.parametrize(
    ("kind", "file", "recipe"),
    [
        ("Flux", "my_mix_v3.safetensors", "FLUX Kontext"),
        ("Flux", "devotion.safetensors", "FLUX Kontext"),
        ("Flux2", "my_mix_v3.safetensors", "FLUX.2 Klein"),
        ("QwenImage", "", "Qwen-Image-Edit-Plus"),
        ("QwenImage21", "", "Qwen-Image-2.1"),
        ("ZImage", "", "Z-Image-Turbo"),
    ],
)
def test_where_the_file_name_does_not_help_the_recipe_is_a_guess(choice, kind, file, recipe):
    chosen, guessed = choice.recipe_for(model(kind), "auto", file)
    assert chosen.name == recipe and guessed
    again, guessed = choice.recipe_for(model(kind), recipe, file)
    assert again is chosen and not guessed


def test_a_model_of_another_packs_class_is_known_by_its_base(choice):
    derived = model("QwenImage21")
    base = type(derived.model.model_config)
    derived.model.model_config = type("Quantised", (base,), {})()
    assert choice.recipe_for(derived, "auto", "qwen_image_2.1.gguf")[0].name == "Qwen-Image-2.1"


def test_a_recipe_of_another_family_is_refused(choice):
    with pytest.raises(ValueError, match="'SDXL' does not fit the model, which is Flux; choose"):
        choice.recipe_for(model("Flux"), "SDXL")


def test_nodes_that_a_core_lacks_are_named_with_the_version_that_has_them(recipes, choice):
    by_name = {recipe.name: recipe for recipe in recipes.RECIPES}
    old = {"CLIPTextEncode", "EmptyFlux2LatentImage", "EmptyLatentImage"}
    with pytest.raises(ValueError, match=r"needs ReferenceMultiLatent, .* to 0\.41\.0 or newer"):
        choice.require_nodes(by_name["FLUX.3 Klein"], old)
    with pytest.raises(ValueError, match=r"QwenImage21Cache and TextEncodeQwenImage21, .*0\.37\.0"):
        choice.require_nodes(by_name["Qwen-Image-2.1"], old)
    choice.require_nodes(by_name["Stable Diffusion"], old)


def test_released_options_of_the_recipe_widget_stay(recipes):
    assert set(recipes.NAMES) > {
        "auto", "Stable Diffusion", "SDXL", "Stable Diffusion inpainting", "SDXL inpainting",
        "FLUX Kontext", "FLUX Fill", "FLUX", "FLUX schnell", "FLUX.2", "Qwen-Image-Edit-Plus",
        "Qwen-Image-Edit", "Qwen-Image", "reference latents", "image to image",
    }  # fmt: skip
    assert recipes.NAMES[0] == "auto" and recipes.NAMES[-2:] == [
        "reference latents",
        "image to image",
    ]
    assert len(set(recipes.NAMES)) == len(recipes.NAMES)


def test_recipes_refer_to_families_and_edit_as_these_do(pack, recipes):
    families = pack.module("wegen_core.painting.families").FAMILIES
    specs = pack.module("wegen_core.painting.diffusers").PIPELINES
    used = {id(row.family) for row in (*recipes.RECIPES, *specs)}
    assert [name for name, family in families.items() if id(family) not in used] == []
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
