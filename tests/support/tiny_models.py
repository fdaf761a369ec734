"""A custom node file for the test server: tiny models of the families that people use.

Made by ComfyUI's own classes, found by its own detection, with random weights.
"""

import comfy.ldm.modules.diffusionmodules.openaimodel as openaimodel
import comfy.ldm.wan.vae
import comfy.model_detection
import comfy.model_management as memory
import comfy.model_patcher
import comfy.sd
import comfy.sd1_clip
import comfy.supported_models
import comfy.supported_models_base
import comfy.taesd.taesd
import comfy.text_encoders.flux
import comfy.text_encoders.qwen_image
import comfy.text_encoders.qwen_vl
import torch
from comfy.ldm.flux.model import FluxParams

GAIN, NORMS = 2.0, 2.0  # of transformers


def randomise(module, gain=1.2, norms=1.0):
    """Weights that neither die out nor explode, so that what goes in has an effect."""
    torch.manual_seed(0)
    with torch.no_grad():
        for name, weight in module.named_parameters():
            if not weight.ndim:
                continue  # TAESD's scale and shift
            norm = weight.ndim == 1 and name.endswith(("weight", "scale"))
            noise = torch.randn_like(weight) / weight[0].numel() ** 0.5
            weight.copy_(torch.full_like(weight, norms) if norm else noise * gain)
    return module


def vae(channels=4):
    made = randomise(comfy.taesd.taesd.TAESD(latent_channels=channels))
    return comfy.sd.VAE(sd=made.state_dict(), metadata={"tae_latent_channels": channels})


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
        state = randomise(unet, gain=0.5).state_dict()
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


def transformer(**config):
    """The MODEL of a transformer, as ComfyUI makes it of a checkpoint with this configuration."""
    settings = comfy.model_detection.model_config_from_unet_config(config)
    settings.set_inference_dtype(torch.float32, None)
    net = settings.get_model({}, "")
    randomise(net, gain=GAIN, norms=NORMS)
    places = {"load_device": memory.get_torch_device(), "offload_device": torch.device("cpu")}
    return comfy.model_patcher.ModelPatcher(net, **places)


def flux(**more):
    """A Flux-type transformer of one block each: 128 wide, one head."""
    small = {
        "image_model": "flux", "out_channels": 16, "vec_in_dim": 768, "context_in_dim": 64,
        "hidden_size": 128, "mlp_ratio": 4.0, "num_heads": 1, "depth": 1,
        "depth_single_blocks": 1, "axes_dim": [16, 56, 56], "theta": 10000, "patch_size": 2,
        "qkv_bias": True, "guidance_embed": True, "txt_ids_dims": [],
    }  # fmt: skip
    known = {"image_model", *FluxParams.__dataclass_fields__}  # older versions know fewer
    return transformer(**{k: v for k, v in {**small, **more}.items() if k in known})


class TestFlux:
    """FLUX.1: dev or Kontext, or Fill with 96 channels. unet_name: as of the node that loads it."""

    RETURN_TYPES = ("MODEL", "CLIP", "VAE")
    FUNCTION = "make"
    CATEGORY = "tests"

    @classmethod
    def INPUT_TYPES(cls):
        return {"optional": {"channels": ("INT", {"default": 16}), "unet_name": ("STRING", {})}}

    def make(self, channels=16, unet_name=""):
        t5 = {"d_ff": 64, "d_kv": 16, "d_model": 64, "num_heads": 4, "num_layers": 1}
        model = comfy.text_encoders.flux.flux_clip()
        small = {"num_hidden_layers": 1, "intermediate_size": 64}
        encoder = clip(comfy.text_encoders.flux.FluxTokenizer, model, t5xxl=t5, clip_l=small)
        return flux(in_channels=channels), encoder, vae(16)


class TestFlux2(TestFlux):
    """FLUX.2 Klein."""

    def make(self, channels=128, unet_name=""):
        model = flux(
            image_model="flux2", in_channels=128, out_channels=128, patch_size=1,
            axes_dim=[32] * 4, mlp_ratio=3.0, theta=2000, vec_in_dim=None, qkv_bias=False,
            guidance_embed=False, txt_ids_dims=[3], context_in_dim=192, ops_bias=False,
            global_modulation=True, mlp_silu_act=True,
        )  # fmt: skip
        small = {"hidden_size": 64, "intermediate_size": 64, "num_hidden_layers": 28,
                 "num_attention_heads": 1, "num_key_value_heads": 1}  # fmt: skip
        te = comfy.text_encoders.flux.klein_te()
        return model, clip(comfy.text_encoders.flux.KleinTokenizer, te, qwen3_4b=small), vae(128)


def wan_vae():
    """Qwen-Image's VAE, as narrow as this version takes it."""
    for dim in (8, 96):
        made = comfy.ldm.wan.vae.WanVAE(
            dim=dim, z_dim=16, dim_mult=[1, 2, 4, 4], num_res_blocks=2, attn_scales=[],
            temperal_downsample=[False, True, True], dropout=0.0,
        )  # fmt: skip
        try:
            return comfy.sd.VAE(sd=randomise(made).state_dict())
        except RuntimeError as error:
            fault = error
    raise fault


class TestQwenImage(TestFlux):
    """Qwen-Image-Edit, with an encoder that sees."""

    def make(self, channels=64, unet_name=""):
        model = transformer(
            image_model="qwen_image", in_channels=64, num_layers=1, num_attention_heads=1,
            joint_attention_dim=64,
        )  # fmt: skip
        whole = comfy.text_encoders.qwen_vl.Qwen2VLVisionTransformer
        few = {"hidden_size": 64, "intermediate_size": 64, "num_heads": 1, "num_layers": 1}
        comfy.text_encoders.qwen_vl.Qwen2VLVisionTransformer = lambda **k: whole(**{**k, **few})
        try:
            small = {"hidden_size": 64, "intermediate_size": 64, "num_hidden_layers": 1,
                     "num_attention_heads": 1, "num_key_value_heads": 1}  # fmt: skip
            te = comfy.text_encoders.qwen_image.te()
            encoder = clip(comfy.text_encoders.qwen_image.QwenImageTokenizer, te, qwen25_7b=small)
        finally:
            comfy.text_encoders.qwen_vl.Qwen2VLVisionTransformer = whole
        return model, encoder, wan_vae()


class TestSAM3:
    """SAM3 with one layer of eyes; it is sure that there is something at every point."""

    RETURN_TYPES = ("MODEL",)
    FUNCTION = "make"
    CATEGORY = "tests"

    @classmethod
    def INPUT_TYPES(cls):
        return {"required": {}}

    def make(self):
        model = transformer(image_model="SAM3", embed_dim=64, depth=1, num_heads=1)
        net = randomise(model.model.diffusion_model, gain=1.0)
        torch.nn.init.constant_(net.tracker.sam_mask_decoder.pred_obj_score_head.layers[-1].bias, 9)
        return (model,)


MAKERS = [TestStableDiffusion, TestNoEncoder, TestFluxVAE, TestFlux, TestQwenImage]
if hasattr(comfy.text_encoders.flux, "KleinTokenizer"):  # older ones do not know it
    MAKERS.append(TestFlux2)
if hasattr(comfy.supported_models, "SAM3"):
    MAKERS.append(TestSAM3)
NODE_CLASS_MAPPINGS = {c.__name__: c for c in MAKERS}
