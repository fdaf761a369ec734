"""How each family of models paints with ComfyUI's own nodes: one row of data per way to paint.

Numbers are those of ComfyUI's own example graphs (`templates`); `differs` says where and why not.
"""

from __future__ import annotations

from typing import Any

from ...wegen_core.painting.families import FAMILIES as F
from . import recipe_differences as d
from . import recipe_nodes as n
from .recipe import AUTO, Node, Recipe

# What several rows share.
_SD15, _SDXL = ("SD15", "SD20"), ("SDXL", "SDXLRefiner")
_SD3_LATENT: dict[str, Any] = {"latent": "EmptySD3LatentImage"}
_FLUX2_LATENT: dict[str, Any] = {"latent": "EmptyFlux2LatentImage"}
# fmt: off
_SD: dict[str, Any] = {"steps": 25, "cfg": 7.0, "sampler": "dpmpp_2m", "scheduler": "karras"}
_FLUX2: dict[str, Any] = dict(
    models=("Flux2",), edit="latents", sigmas=n.FLUX2_SIGMAS, **_FLUX2_LATENT)
_KLEIN: dict[str, Any] = dict(
    family=F["flux2-klein"], config={"guidance_embed": False}, **_FLUX2)
_FLUX3: dict[str, Any] = dict(
    models=(), family=F["flux3"], edit="nodes", references=n.MULTI, core="0.41.0", **_FLUX2_LATENT)
_QWEN: dict[str, Any] = {"models": ("QwenImage",)}
_QWEN_EDIT: dict[str, Any] = dict(edit="latents", patches=(n.CFG_NORM,), **_QWEN)
_QWEN_PLUS: dict[str, Any] = dict(encoder=n.QWEN_EDIT_PLUS, cfg=4.0, **_QWEN_EDIT)
_QWEN_21: dict[str, Any] = {
    "models": ("QwenImage21",), "family": F["qwen-2.1"], "edit": "nodes", "encoder": n.QWEN_21,
    "patches": (n.QWEN_21_CACHE,)}
_Z_IMAGE: dict[str, Any] = dict(
    models=("ZImage",), shift=3.0, sampler="res_multistep", **_SD3_LATENT)
_Z_DRAW: dict[str, Any] = dict(
    family=F["z-image"], edit="noise", config={"siglip_feat_dim": False}, **_Z_IMAGE)
_MAGE: dict[str, Any] = {"models": ("MageFlow",), "encoder": n.MAGE_FLOW, "core": "0.29.0"}
_MAGE_DRAW: dict[str, Any] = dict(family=F["flux"], edit="noise", **_MAGE)
_MAGE_EDIT: dict[str, Any] = dict(family=F["mage-flow"], edit="nodes", **_MAGE)
_HIDREAM: dict[str, Any] = dict(models=("HiDream",), **_SD3_LATENT)
_HIDREAM_I1: dict[str, Any] = dict(family=F["hidream"], edit="noise", **_HIDREAM)
_HIDREAM_E1: dict[str, Any] = dict(edit="nodes", references=n.PIX2PIX, **_HIDREAM)
_HIDREAM_O1: dict[str, Any] = {
    "models": ("HiDreamO1",), "family": F["hidream-o1"], "edit": "nodes",
    "references": n.HIDREAM_O1, "scheduler": "normal",
    "latent": "EmptyHiDreamO1LatentImage", "core": "0.21.1"}
_FIBO_2: dict[str, Any] = {
    "models": (), "family": F["fibo2"], "edit": "nodes", "encoder": n.FIBO_2, "core": "0.43.0"}
_MOSS: dict[str, Any] = dict(models=(), **_FLUX2_LATENT)

RECIPES = (
    Recipe("Stable Diffusion", _SD15, F["sd"], "noise", **_SD),
    Recipe("SDXL", _SDXL, F["sdxl"], "noise", **_SD),
    Recipe("Stable Diffusion inpainting", _SD15, F["sd"], "fill", **_SD),
    Recipe("SDXL inpainting", _SDXL, F["sdxl"], "fill", **_SD),
    Recipe("Stable Diffusion 3.5", ("SD3",), F["sd3"], "noise",
           cfg=4.01, scheduler="sgm_uniform", **_SD3_LATENT,
           templates=("sd3.5_simple_example",)),

    Recipe("FLUX Kontext", ("Flux",), F["kontext"], "latents", guidance=2.5, file="kontext",
           templates=("flux_kontext_dev_basic",),
           differs={**d.OWN_SIZE, **d.EMPTY_LATENT, **d.UNREAD_NEGATIVE}),
    Recipe("FLUX Fill", ("FluxInpaint",), F["flux"], "fill", guidance=30.0),
    Recipe("FLUX", ("Flux",), F["flux"], "noise", guidance=3.5, file=r"\bdev\b|krea"),
    Recipe("FLUX schnell", ("FluxSchnell",), F["flux"], "noise", steps=4),
    Recipe("FLUX.3 Klein base", steps=50, cfg=4.0, file="flux-?3.*klein-base", **_FLUX3,
           templates=("image_flux3_klein_image_edit",),
           differs={**d.OWN_SIZE, **d.KEPT_RESOLUTION, **d.MAKERS_CFG}),
    Recipe("FLUX.3 Klein", steps=16, file="flux-?3.*klein", **_FLUX3,
           templates=("image_flux3_klein_distilled_image_edit",),
           differs={**d.OWN_SIZE, **d.KEPT_RESOLUTION}),
    Recipe("FLUX.2 Klein", steps=4, file="klein(?!-base)(?!.*-kv)", **_KLEIN,
           templates=("image_flux2_klein_image_edit_4b_distilled",
                      "image_flux2_klein_image_edit_9b_distilled"),
           differs=d.UNREAD_NEGATIVE),
    Recipe("FLUX.2 Klein base", cfg=5.0, file="klein-base", **_KLEIN,
           templates=("image_flux2_klein_image_edit_4b_base",
                      "image_flux2_klein_image_edit_9b_base")),
    Recipe("FLUX.2 Klein KV", steps=4, patches=(Node("FluxKVCache"),), file="klein.*-kv", **_KLEIN,
           core="0.17.0", templates=("image_flux2_klein_9b_kv_image_edit",),
           differs=d.UNREAD_NEGATIVE),
    Recipe("FLUX.2", family=F["flux2"], max_images=9, guidance=4.0, **_FLUX2,
           config={"guidance_embed": True}, templates=("image_flux2", "image_flux2_fp8"),
           differs={**d.NO_NEGATIVE, **d.UNREAD_NEGATIVE, **d.ANY_ORDER}),

    Recipe("Qwen-Image-Edit-Plus", family=F["qwen"], shift=3.0, file="edit-(2509|plus)",
           **_QWEN_PLUS, templates=("image_qwen_image_edit_2509",),
           differs={**d.QWEN_PLUS, **d.OWN_SIZE, **d.LIGHTNING}),
    Recipe("Qwen-Image-Edit-2511", family=F["qwen"], steps=40, shift=3.1, file=r"edit-25\d\d",
           **_QWEN_PLUS, method="index_timestep_zero", templates=("image_qwen_image_edit_2511",),
           differs={**d.QWEN_PLUS, **d.OWN_SIZE}),
    Recipe("FireRed-Image-Edit", family=F["firered"], steps=40, shift=3.1, file="firered",
           **_QWEN_PLUS, templates=("image_firered_image_edit1_1",),
           differs=d.QWEN_PLUS),
    Recipe("Qwen-Image-Edit", family=F["qwen"], encoder=n.QWEN_EDIT, max_images=1, cfg=2.5,
           shift=3.0, file="image-edit", **_QWEN_EDIT, templates=("image_qwen_image_edit",),
           differs={**d.QWEN_EDIT, **d.OWN_SIZE}),
    Recipe("Qwen-Image", family=F["qwen-image"], edit="noise", cfg=2.5, shift=3.0,
           file="qwen-image", **_QWEN),
    Recipe("Qwen-Image-2.1", steps=25, file="2.1(?!-turbo)", **_QWEN_21,
           core="0.37.0", templates=("image_qwen_image_2_1_image_edit",),
           differs=d.OWN_SIZE),
    Recipe("Qwen-Image-2.1-Turbo", steps=8, sigmas=n.QWEN_21_TURBO_SIGMAS, file="turbo", **_QWEN_21,
           core="0.39.0", templates=("image_qwen_image_2_1_turbo_image_edit",),
           differs=d.OWN_SIZE),

    Recipe("Z-Image-Turbo", steps=8, file="turbo", **_Z_DRAW, templates=("image_z_image_turbo",)),
    Recipe("Z-Image", steps=25, cfg=4.0, file="z-image", **_Z_DRAW, templates=("image_z_image",)),
    Recipe("Z-Image-Omni", family=F["z-image-omni"], edit="nodes", encoder=n.Z_IMAGE_OMNI,
           steps=25, cfg=4.0, config={"siglip_feat_dim": True}, **_Z_IMAGE),
    Recipe("Ming-Image-Design", (), F["ming"], "nodes", n.MING, steps=12, sampler=n.lcm(1.02, 0.0),
           basic_guider=True, patches=(n.MING_SHIFT,), file="ming-image",
           core="0.38.0", templates=("image_ming_image_01_design_image_edit",),
           differs={**d.OWN_SIZE, **d.USUAL_ATTENTION, **d.UNREAD_NEGATIVE}),

    Recipe("JoyAI-Image-Edit", ("JoyImage",), F["joyai"], "nodes", n.JOYAI, steps=40, cfg=4.0,
           scheduler="normal", patches=(n.CFG_NORM_FIRST,), **_SD3_LATENT,
           core="0.29.0", templates=("image_joyai_image_edit",)),
    Recipe("Mage-Flow-Edit", steps=30, cfg=5.0, file="edit(?!-turbo)", **_MAGE_EDIT,
           templates=("image_mage_flow_edit_int8",)),
    Recipe("Mage-Flow-Edit-Turbo", steps=4, file="edit-turbo", **_MAGE_EDIT,
           templates=("image_mage_flow_edit_turbo_int8",)),
    Recipe("Mage-Flow", steps=30, cfg=5.0, file="flow(?!-turbo)", **_MAGE_DRAW,
           templates=("image_mage_flow_t2i_int8",)),
    Recipe("Mage-Flow-Turbo", steps=4, file="turbo", **_MAGE_DRAW,
           templates=("image_mage_flow_turbo_t2i_int8",)),
    Recipe("LongCat-Image-Edit", ("LongCatImage",), F["longcat"], "latents", n.QWEN_EDIT,
           method="index", steps=50, cfg=4.5, file="edit", **_SD3_LATENT,
           templates=("image_longcat_image_edit",),
           differs={**d.QWEN_EDIT, **d.EMPTY_SD3_LATENT, **d.NO_GUIDANCE}),
    Recipe("LongCat-Image", ("LongCatImage",), F["flux"], "noise", cfg=4.0, file="longcat",
           patches=(n.CFG_NORM,), **_SD3_LATENT, templates=("image_longcat_text_to_image",),
           differs=d.NO_GUIDANCE),

    Recipe("HiDream-I1", steps=50, cfg=5.0, sampler="uni_pc", patches=n.sd3_shift(3.0),
           file="i1(?!-dev|-fast)", **_HIDREAM_I1, templates=("hidream_i1_full",)),
    Recipe("HiDream-I1-Dev", steps=28, sampler="lcm", scheduler="normal", patches=n.sd3_shift(6.0),
           file="i1-dev", **_HIDREAM_I1, templates=("hidream_i1_dev",),
           differs=d.UNREAD_NEGATIVE),
    Recipe("HiDream-I1-Fast", steps=16, sampler="lcm", scheduler="normal", patches=n.sd3_shift(3.0),
           file="i1-fast", **_HIDREAM_I1, templates=("hidream_i1_fast",),
           differs=d.UNREAD_NEGATIVE),
    Recipe("HiDream-E1.1", family=F["hidream-e1"], cfg=3.0, image_cfg=1.5, patches=(n.CFG_NORM,),
           file=r"e1[-.]1", **_HIDREAM_E1, templates=("hidream_e1_1",)),
    Recipe("HiDream-E1-Full", family=F["hidream-e1-full"], steps=28, cfg=5.0, image_cfg=2.0,
           scheduler="normal", file="e1-full", **_HIDREAM_E1, templates=("hidream_e1_full",),
           differs=d.OWN_SIZE),
    Recipe("HiDream-O1", steps=40, cfg=5.0, sampler="dpmpp_2m_sde_gpu",
           patches=(n.noise_scale(8.0), n.SEAMS), file="o1-image(?!-dev)", **_HIDREAM_O1,
           templates=("image_hidream_o1",),
           differs=d.ONE_SAMPLER),
    Recipe("HiDream-O1-Dev", steps=28, sampler=n.lcm(1.0, 2.5), patches=(n.noise_scale(7.6),),
           file="o1.*dev", **_HIDREAM_O1, templates=("image_hidream_o1_dev",),
           differs={**d.OWN_SIZE, **d.SEPARATE_SAMPLER, **d.UNREAD_NEGATIVE}),
    Recipe("OmniGen2", ("Omnigen2",), F["omnigen2"], "latents", cfg=5.0, image_cfg=2.0,
           **_SD3_LATENT, templates=("image_omnigen2_image_edit",)),

    Recipe("FIBO 2", steps=50, cfg=5.0, file="fibo-?2(?!.*turbo)", **_FIBO_2,
           templates=("image_fibo2_edit_dev_pe",),
           differs=d.OWN_SIZE),
    Recipe("FIBO 2 Edit Turbo", steps=4, file="fibo-?2.*turbo", **_FIBO_2,
           templates=("image_fibo2_edit_turbo_pe",),
           differs=d.OWN_SIZE),
    Recipe("MOSS-Image", family=F["flux"], edit="noise", steps=25, cfg=2.5, sampler="er_sde",
           file="moss-image(?!-edit)", **_MOSS, core="0.41.3",
           templates=("image_moss_image_t2i",)),
    Recipe("MOSS-Image-Edit", family=F["moss"], edit="nodes", encoder=n.MOSS, steps=30, cfg=4.0,
           scheduler="normal", patches=(n.MOSS_SKIP,), file="moss-image-edit", **_MOSS,
           core="0.43.0", templates=("image_moss_image_edit",),
           differs=d.EDIT_LORA),
    Recipe("Boogu-Image-Edit", ("Boogu",), F["boogu"], "nodes", n.BOOGU, steps=25, cfg=3.5,
           sampler="dpmpp_2m", file="edit", core="0.26.0",
           templates=("image_boogu_image_0_1_edit",),
           differs={**d.OWN_SIZE, **d.ONE_SAMPLER, **d.OWN_SHIFT}),
    Recipe("Boogu-Image-Turbo", ("Boogu",), F["flux"], "noise", steps=4, sampler="lcm",
           scheduler="sgm_uniform", file="turbo", templates=("image_boogu_image_0_1_turbo_t2i",)),

    Recipe("Chroma", ("Chroma",), F["chroma"], "noise", steps=26, cfg=3.5, scheduler="beta",
           shift=1.0, clip_patches=(n.CHROMA_T5,), **_SD3_LATENT,
           templates=("image_chroma_text_to_image",),
           differs=d.ONE_SAMPLER),
    Recipe("Lumina 2", ("Lumina2",), F["lumina2"], "noise", n.LUMINA_2, steps=30, cfg=4.0,
           sampler="res_multistep", shift=4.0, **_SD3_LATENT,
           templates=("image_netayume_lumina_t2i",),
           differs=d.SYSTEM_PROMPT),

    Recipe("reference latents", (), F["flux2"], "latents", max_images=4, cfg=4.0),
    Recipe("image to image", (), F["flux"], "noise", cfg=4.0),
)
# fmt: on
"""In the order in which "auto" tries them; the last two fit models of any family."""

NAMES = [AUTO, *(r.name for r in RECIPES)]
