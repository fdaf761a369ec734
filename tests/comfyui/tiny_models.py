"""A custom node file for the test server: tiny models of the families that people use.

Made by ComfyUI's own classes, found by its own detection, with random weights.
"""

import comfy.ldm.modules.diffusionmodules.openaimodel as openaimodel
import comfy.sd
import comfy.sd1_clip
import comfy.supported_models_base
import comfy.taesd.taesd
import torch


def randomise(module):
    torch.manual_seed(0)
    with torch.no_grad():
        for name, weight in module.named_parameters():
            if not weight.ndim:
                continue  # TAESD's scale and shift
            norm = weight.ndim == 1 and name.endswith("weight")
            noise = torch.randn_like(weight) / weight[0].numel() ** 0.5
            weight.copy_(torch.ones_like(weight) if norm else noise * 0.5)
    return module


def vae(channels=4):
    return comfy.sd.VAE(
        sd=randomise(comfy.taesd.taesd.TAESD(latent_channels=channels)).state_dict()
    )


def clip(tokenizer, model, **configs):
    target = comfy.supported_models_base.ClipTarget(tokenizer, model)
    made = comfy.sd.CLIP(target, model_options={f"{k}_model_config": v for k, v in configs.items()})
    randomise(made.cond_stage_model)
    return made


def clip_l():
    small = {"num_hidden_layers": 1, "intermediate_size": 64}
    return clip(comfy.sd1_clip.SD1Tokenizer, comfy.sd1_clip.SD1ClipModel, clip_l=small)


class TestStableDiffusion:
    """An SD1.5-type U-Net of one block, or of one made for inpainting, a CLIP layer, a TAESD."""

    RETURN_TYPES = ("MODEL", "CLIP", "VAE")
    FUNCTION = "make"
    CATEGORY = "tests"

    @classmethod
    def INPUT_TYPES(cls):
        return {"optional": {"inpainting": ("BOOLEAN", {"default": False})}}

    def make(self, inpainting=False):
        unet = openaimodel.UNetModel(
            image_size=32, in_channels=9 if inpainting else 4, out_channels=4, model_channels=320,
            num_res_blocks=[1], channel_mult=[1], transformer_depth=[1],
            transformer_depth_middle=-2, transformer_depth_output=[1, 1], num_heads=8,
            use_spatial_transformer=True, context_dim=768, legacy=False, dtype=torch.float32,
        )  # fmt: skip
        state = randomise(unet).state_dict()
        model = comfy.sd.load_diffusion_model_state_dict(state)
        return model, clip_l(), vae()


class TestNoEncoder(TestStableDiffusion):
    """The same without a text encoder, as many checkpoints are."""

    def make(self, inpainting=False):
        model, _, vae = super().make(inpainting)
        return model, None, vae


class TestFluxVAE:
    """A VAE with 16 channels."""

    RETURN_TYPES = ("VAE",)
    FUNCTION = "make"
    CATEGORY = "tests"

    @classmethod
    def INPUT_TYPES(cls):
        return {"required": {}}

    def make(self):
        return (vae(16),)


NODE_CLASS_MAPPINGS = {c.__name__: c for c in (TestStableDiffusion, TestNoEncoder, TestFluxVAE)}
