"""A custom node file for the test server: a tiny model of each family that this ComfyUI knows.

The networks are ComfyUI's own, with random weights. Their text encoder is not: it makes numbers of
a text and of the images beside it, so that both have an effect.
"""

import hashlib
import importlib.util
from pathlib import Path

import comfy.supported_models as known
import torch
from comfy_api.latest import io

spec = importlib.util.spec_from_file_location(
    "wegen_tiny_models", Path(__file__).resolve().with_name("tiny_models.py")
)
tiny = importlib.util.module_from_spec(spec)
spec.loader.exec_module(tiny)

WIDTH = 64  # of the text encoder's output
FLUX = {
    "image_model": "flux", "in_channels": 16, "out_channels": 16, "vec_in_dim": None,
    "context_in_dim": WIDTH, "hidden_size": 128, "mlp_ratio": 4.0, "num_heads": 1, "depth": 1,
    "depth_single_blocks": 1, "axes_dim": [16, 56, 56], "theta": 10000, "patch_size": 2,
    "qkv_bias": True, "txt_ids_dims": [1, 2],
}  # fmt: skip
FLUX2 = {
    **FLUX, "image_model": "flux2", "in_channels": 128, "out_channels": 128, "patch_size": 1,
    "axes_dim": [32] * 4, "mlp_ratio": 3.0, "theta": 2000, "qkv_bias": False, "txt_ids_dims": [3],
    "ops_bias": False, "global_modulation": True, "mlp_silu_act": True, "guidance_embed": False,
}  # fmt: skip
LUMINA = {
    "image_model": "lumina2", "patch_size": 2, "in_channels": 16, "dim": 256, "n_layers": 1,
    "n_refiner_layers": 1, "n_heads": 2, "n_kv_heads": 2, "multiple_of": 32, "qk_norm": True,
    "cap_feat_dim": WIDTH, "axes_dims": [32, 48, 48], "axes_lens": [300, 512, 512],
}  # fmt: skip
OMNIGEN = {
    "hidden_size": 120, "num_layers": 1, "num_refiner_layers": 1, "num_attention_heads": 1,
    "num_kv_heads": 1, "in_channels": 16, "patch_size": 2, "timestep_scale": 1000.0,
    "axes_dim_rope": [40, 40, 40], "axes_lens": [1024, 1664, 1664], "multiple_of": 32,
}  # fmt: skip
QWEN = {
    "image_model": "qwen_image", "in_channels": 64, "num_layers": 1, "num_attention_heads": 1,
    "joint_attention_dim": WIDTH,
}  # fmt: skip
# class in `supported_models`, the class that a newer ComfyUI derives it for, its configuration, VAE
FAMILIES = {
    "ZImage": ("ZImage", None, {**LUMINA, "z_image_modulation": True, "time_scale": 1000.0,
                                "pad_tokens_multiple": 32}, 16),
    "Lumina2": ("Lumina2", None, LUMINA, 16),
    "LongCat": ("LongCatImage", None, {**FLUX, "guidance_embed": False}, 16),
    "OmniGen2": ("Omnigen2", None, {**OMNIGEN, "image_model": "omnigen2", "text_feat_dim": WIDTH},
                 16),
    "Boogu": ("Boogu", None, {**OMNIGEN, "image_model": "boogu", "num_double_stream_layers": 1,
                              "instruction_feat_dim": WIDTH}, 16),
    "MageFlow": ("MageFlow", None, {"image_model": "mage_flow", "in_channels": 128,
                                    "num_layers": 1, "num_attention_heads": 1,
                                    "joint_attention_dim": WIDTH}, 128),
    "Joy": ("JoyImage", None, {"image_model": "joyimage", "in_channels": 16, "hidden_size": 128,
                               "patch_size": [1, 2, 2], "num_layers": 1, "num_attention_heads": 1,
                               "text_dim": WIDTH}, "wan"),
    "Chroma": ("Chroma", None, {**FLUX, "image_model": "chroma", "in_channels": 64,
                                "out_channels": 64, "in_dim": 64, "out_dim": 128, "hidden_dim": 64,
                                "n_layers": 1, "vec_in_dim": 768}, 16),
    "SD3": ("SD3", None, {"in_channels": 16, "depth": 1, "patch_size": 2, "input_size": None,
                          "adm_in_channels": 64, "pos_embed_max_size": 32, "num_patches": 1024,
                          "pos_embed_scaling_factor": None, "context_embedder_config": {
                              "target": "torch.nn.Linear",
                              "params": {"in_features": WIDTH, "out_features": 64}}}, 16),
    "Qwen21": ("QwenImage", "QwenImage21", QWEN, "wan"),
    "Flux3": ("Flux2", "Flux3OfTests", FLUX2, 128),
    "Fibo2": ("Flux2", "Fibo2OfTests", FLUX2, 128),
    "Moss": ("Flux2", "MossOfTests", FLUX2, 128),
    "Ming": ("ZImage", "MingOfTests", {**LUMINA, "z_image_modulation": True, "time_scale": 1000.0,
                                       "pad_tokens_multiple": 32}, 16),
}  # fmt: skip


class TinyEncoder:
    """Eight tokens of numbers that depend on the text and on the images beside it."""

    tokenizer = None

    def tokenize(self, text, images=(), **_):
        means = [round(float(image.mean()), 4) for image in images]
        return f"{text} {means}"

    def encode_from_tokens(self, tokens, **_):
        seed = int.from_bytes(hashlib.sha256(tokens.encode()).digest()[:6], "big")
        return torch.randn(1, 8, WIDTH, generator=torch.Generator().manual_seed(seed))

    def encode_from_tokens_scheduled(self, tokens, **_):
        condition = self.encode_from_tokens(tokens)
        mask = torch.ones(condition.shape[:2], dtype=torch.long)
        return [[condition, {"pooled_output": condition.mean(1), "attention_mask": mask}]]

    def clone(self):
        return self

    def set_tokenizer_option(self, *_):
        pass


def maker(family):
    """The node class that makes a tiny model of `family`."""
    base, derived, config, channels = FAMILIES[family]

    def make(self, unet_name=""):
        kind = getattr(known, base)
        settings = kind(dict(config))
        settings.set_inference_dtype(torch.float32, None)
        if derived:
            settings.__class__ = type(derived, (kind,), {})
        places = {
            "load_device": tiny.memory.get_torch_device(),
            "offload_device": torch.device("cpu"),
        }
        net = tiny.randomise(settings.get_model({}, ""), gain=tiny.GAIN, norms=tiny.NORMS)
        model = tiny.comfy.model_patcher.ModelPatcher(net, **places)
        vae = tiny.wan_vae() if channels == "wan" else tiny.vae(channels)
        return model, TinyEncoder(), vae

    def inputs(cls):
        return {"optional": {"unet_name": ("STRING", {})}}

    fields = {
        "RETURN_TYPES": ("MODEL", "CLIP", "VAE"), "FUNCTION": "make", "CATEGORY": "tests",
        "INPUT_TYPES": classmethod(inputs), "make": make,
    }  # fmt: skip
    return type(f"Test{family}", (), fields)


# `newer_nodes.py` needs these for the nodes that derived families have.
GROWS = hasattr(io, "Autogrow") and hasattr(io, "DynamicCombo")
NODE_CLASS_MAPPINGS = {
    f"Test{family}": maker(family)
    for family, (base, derived, *_) in FAMILIES.items()
    if hasattr(known, base) and (GROWS or not derived)
}
