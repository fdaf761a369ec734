"""Where recipes' graphs are otherwise than ComfyUI's example graphs, and why; see `Recipe.differs`.

Keys are as `tests/nodes/test_templates.py` finds them; a row may list more than its graph has.
"""

from __future__ import annotations


def _each(reason: str, *places: str) -> dict[str, str]:
    return dict.fromkeys(places, reason)


OWN_SIZE = {
    "size": "the template takes an image as it is or in a size of its own; here it has the "
    "family's number of pixels, and a crop of a large image gets them all"
}
EMPTY_LATENT = _each(
    "at denoise 1 only the size of the latent counts, and an empty one needs no encoding",
    "KSampler.latent_image",
    "+EmptyLatentImage",
)
EMPTY_SD3_LATENT = _each(
    EMPTY_LATENT["+EmptyLatentImage"], "KSampler.latent_image", "+EmptySD3LatentImage"
)
UNREAD_NEGATIVE = _each(
    "at cfg 1 the sampler does not read the negative condition",
    "+ConditioningZeroOut",
    "ConditioningZeroOut.conditioning",
    "CFGGuider.negative",
    "KSampler.negative",
    "HiDreamO1ReferenceImages.negative",
    "ReferenceLatent.conditioning",
)
ONE_SAMPLER = _each(
    "KSampler makes the same schedule, noise and steps in one node",
    "+KSampler",
    "SamplerCustom",
    "SamplerCustomAdvanced",
    "BasicScheduler",
    "KSamplerSelect",
    "RandomNoise",
    "CFGGuider",
    "VAEDecode.samples",
)
SEPARATE_SAMPLER = _each(
    "the same sampler with its noise and its guidance as nodes",
    "SamplerCustom",
    "+SamplerCustomAdvanced",
    "+RandomNoise",
    "+CFGGuider",
    "VAEDecode.samples",
)
NO_NEGATIVE = _each(
    "CFGGuider at cfg 1 is BasicGuider, and takes a cfg that the user sets",
    "BasicGuider",
    "+CFGGuider",
    "SamplerCustomAdvanced.guider",
)
ANY_ORDER = _each(
    "guidance and reference latents are entries of one condition, in any order",
    "FluxGuidance.conditioning",
    "ReferenceLatent.conditioning",
)
NO_GUIDANCE = _each(
    "ComfyUI drops the guidance of this model, which has no input for it",
    "FluxGuidance",
    "KSampler.positive",
    "KSampler.negative",
)


def _own_references(encoder: str) -> dict[str, str]:
    """Where an encoder of Qwen's makes no reference latents."""
    return _each(
        "the encoder would scale the image before it encodes it, and what is painted would shift",
        f"{encoder}.vae",
        "+ReferenceLatent",
        "KSampler.positive",
        "KSampler.negative",
        "FluxKontextMultiReferenceLatentMethod.conditioning",
    )


QWEN_EDIT = {**EMPTY_LATENT, **_own_references("TextEncodeQwenImageEdit")}
QWEN_PLUS = {**EMPTY_LATENT, **_own_references("TextEncodeQwenImageEditPlus")}
KEPT_RESOLUTION = _each(
    "images come at the size that is painted",
    "ReferenceMultiLatent.resolution",
    "ReferenceMultiLatent.resolution.megapixels",
)
LIGHTNING = _each(
    "the template samples with a Lightning LoRA; load it and set steps 4 and cfg 1 for the same",
    "LoraLoaderModelOnly",
    "ModelSamplingAuraFlow.model",
    "KSampler.steps",
    "KSampler.cfg",
)
EDIT_LORA = _each(
    "the user's loader adds the edit LoRA, as it does any other",
    "LoraLoaderModelOnly",
    "SkipLayerGuidanceDiTSimple.model",
)
USUAL_ATTENTION = _each(
    "another attention kernel is the user's choice, and only some GPUs have this one",
    "ModelAttentionBackend",
    "ModelSamplingFlux.model",
)
OWN_SHIFT = {"ModelSamplingAuraFlow": "it is the shift that the model has by itself"}
MAKERS_CFG = {
    "KSampler.cfg": "at the template's cfg 1 its negative prompt has no effect; the maker's table "
    "says 4 for the base model, and the text-to-image template 3.5"
}
SYSTEM_PROMPT = _each(
    "the system prompt comes from ComfyUI's node for it; the template's, of a fine-tuned model of "
    "anime, is part of its text",
    "CLIPTextEncode",
    "+CLIPTextEncodeLumina2",
    "KSampler.positive",
    "KSampler.negative",
)
