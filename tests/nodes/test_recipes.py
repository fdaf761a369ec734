"""Which recipe a model loaded in ComfyUI gets: by its class, and by its file where that is all."""

from __future__ import annotations

from types import SimpleNamespace

import pytest

from nodes.backend.recipes import NAMES, recipe_for


def model(kind: str):
    """What ComfyUI's MODEL shows of a model of that class in `supported_models`."""
    net = SimpleNamespace(
        model_config=type(kind, (), {})(),
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
        ("Unheard", "dev.safetensors", "reference latents"),
    ],
)
def test_published_weights_get_their_recipe(kind, file, recipe):
    found, guessed = recipe_for(model(kind), "auto", file)
    assert found.name == recipe and recipe in NAMES and not guessed


@pytest.mark.parametrize(
    ("kind", "file", "recipe"),
    [
        ("Flux", "my_mix_v3.safetensors", "FLUX Kontext"),
        ("Flux", "devotion.safetensors", "FLUX Kontext"),
        ("QwenImage", "", "Qwen-Image-Edit-Plus"),
    ],
)
def test_where_the_file_tells_nothing_the_recipe_is_a_guess(kind, file, recipe):
    found, guessed = recipe_for(model(kind), "auto", file)
    assert found.name == recipe and guessed
    chosen, guessed = recipe_for(model(kind), recipe, file)
    assert chosen is found and not guessed


def test_a_recipe_of_another_family_is_refused():
    with pytest.raises(ValueError, match="'SDXL' does not fit the model, which is Flux; choose"):
        recipe_for(model("Flux"), "SDXL")
