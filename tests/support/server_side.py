"""A custom node file for the test server: what of WeGen is in memory, what importing it costs."""

import gc
import importlib.util
import sys
import time
import weakref
from functools import partial
from pathlib import Path
from typing import ClassVar

import torch
from aiohttp import web
from server import PromptServer

PACK = Path(__file__).parent / "ComfyUI-WeGen" / "__init__.py"
NETWORKS = ("WeGen", "Gemma3ForConditionalGeneration", "UNetModel")
_networks = weakref.WeakSet()


class TestImage:
    """A grey picture, and `value` in the middle of it."""

    RETURN_TYPES = ("IMAGE",)
    FUNCTION = "make"
    CATEGORY = "tests"

    @classmethod
    def INPUT_TYPES(cls):
        return {"required": {"width": ("INT", {}), "height": ("INT", {}), "value": ("STRING", {})}}

    def make(self, width, height, value):
        image = torch.full((1, height, width, 3), 0.5)
        image[:, height // 4 : height // 2 + 1, width // 4 : width // 2 + 1] = float(value)
        return (image,)


class TestEqual:
    """The share of pixels that are the very same numbers in both pictures."""

    RETURN_TYPES = ("STRING",)
    FUNCTION = "compare"
    CATEGORY = "tests"

    @classmethod
    def INPUT_TYPES(cls):
        return {"required": {"first": ("IMAGE", {}), "second": ("IMAGE", {})}}

    def compare(self, first, second):
        return (str((first == second).all(-1).float().mean().item()),)


class TestEmptyBatch:
    """A batch of no pictures, and one of no masks."""

    RETURN_TYPES = ("IMAGE", "MASK")
    FUNCTION = "make"
    CATEGORY = "tests"

    @classmethod
    def INPUT_TYPES(cls):
        return {"required": {}}

    def make(self):
        return torch.zeros(0, 64, 64, 3), torch.zeros(0, 64, 64)


class TestCLIP:
    """A tiny random text encoder of ComfyUI's own classes.

    kind: "qwen3vl_4b", "qwen3_4b", "qwen3_8b", "gemma4" or "clip_l".
    tireless: it does not stop by itself.
    headless: its file had no output layer.
    """

    RETURN_TYPES = ("CLIP",)
    FUNCTION = "make"
    CATEGORY = "tests"
    SMALL: ClassVar = {
        "hidden_size": 32,
        "intermediate_size": 48,
        "num_hidden_layers": 3,
        "num_attention_heads": 2,
        "num_key_value_heads": 1,
    }
    VISION: ClassVar = {
        "hidden_size": 32,
        "intermediate_size": 48,
        "depth": 2,
        "deepstack_visual_indexes": [0],
    }
    GEMMA_VISION: ClassVar = {
        "hidden_size": 32,
        "intermediate_size": 48,
        "num_hidden_layers": 1,
        "num_attention_heads": 2,
        "num_key_value_heads": 2,
        "head_dim": 16,
    }

    @classmethod
    def INPUT_TYPES(cls):
        switch = ("BOOLEAN", {"default": False})
        return {
            "required": {"kind": ("STRING", {})},
            "optional": {"tireless": switch, "headless": switch},
        }

    def make(self, kind, tireless=False, headless=False):
        import comfy.sd
        from comfy.supported_models_base import ClipTarget

        tokenizer, encoder, *data = getattr(self, f"_{kind}")()
        small = self.SMALL | ({"vocab_size": 256} if kind == "gemma4" else {})
        options = {f"{kind}_model_config": small} if kind != "clip_l" else {}
        target = ClipTarget(tokenizer, encoder)
        clip = comfy.sd.CLIP(target, model_options=options, tokenizer_data=dict(*data))
        torch.manual_seed(3)
        for weight in clip.cond_stage_model.parameters():
            torch.nn.init.normal_(weight, std=0.3)
        if headless:
            clip.cond_stage_model.qwen3_8b.transformer.model.lm_head.weight.data.zero_()
        if not tireless:  # random weights hardly ever come to an end
            clip.generate = partial(self._briefly, clip.generate)
        return (clip,)

    def _briefly(self, generate, tokens, max_length, **options):
        return generate(tokens, max_length=min(max_length, 8), **options)

    def _clip_l(self):
        from comfy import sd1_clip

        return sd1_clip.SD1Tokenizer, sd1_clip.SD1ClipModel

    def _qwen3_4b(self):
        from comfy.text_encoders import z_image

        return z_image.ZImageTokenizer, z_image.te()

    def _qwen3_8b(self):
        from comfy.text_encoders import flux

        return flux.KleinTokenizer8B, flux.klein_te(model_type="qwen3_8b")

    def _qwen3vl_4b(self):
        from comfy.text_encoders import qwen3vl

        qwen3vl.QWEN3VL_VISION["qwen3vl_4b"] = self.VISION  # the real sizes are no option
        qwen3vl.QWEN3VL_VISION_COMMON["num_heads"] = 2
        kind = {"model_type": "qwen3vl_4b"}
        return partial(qwen3vl.Qwen3VLTokenizer, **kind), partial(qwen3vl.Qwen3VLTEModel, **kind)

    def _gemma4(self):
        from comfy.text_encoders import gemma4
        from tokenizers import Regex, Tokenizer, models, pre_tokenizers

        marks = {"<eos>": 1, "<bos>": 2, "<unk>": 3, "<turn|>": 106, "<|image|>": 258880}
        words = {chr(code): code + 100 for code in range(32, 127)}
        tokenizer = Tokenizer(models.WordLevel({**marks, **words}, unk_token="<unk>"))
        tokenizer.add_special_tokens([*marks])
        tokenizer.pre_tokenizer = pre_tokenizers.Split(Regex(r"[\s\S]"), "isolated")
        for table in (gemma4.GEMMA4_VISION_CONFIG, gemma4.GEMMA4_VISION_31B_CONFIG):
            table.update({k: v for k, v in self.GEMMA_VISION.items() if k in table})
        json = torch.ByteTensor([*tokenizer.to_str().encode()])
        model = gemma4.Gemma4_31B
        return model.tokenizer, gemma4.gemma4_te(model_class=model), {"tokenizer_json": json}


NODE_CLASS_MAPPINGS = {
    "TestCLIP": TestCLIP,
    "TestEmptyBatch": TestEmptyBatch,
    "TestEqual": TestEqual,
    "TestImage": TestImage,
}


@PromptServer.instance.routes.get("/wegen_test/networks")
async def networks(request):
    """How many networks are in memory, garbage included; they are remembered for `alive`."""
    # By name, and by type(): isinstance would touch lazy proxies of other libraries.
    _networks.update(o for o in gc.get_objects() if type(o).__name__ in NETWORKS)
    return web.json_response(len(_networks))


@PromptServer.instance.routes.get("/wegen_test/alive")
async def alive(request):
    """How many of them still are; listing all objects would itself keep them alive."""
    return web.json_response(len(_networks))


@PromptServer.instance.routes.get("/wegen_test/cpu_seconds")
async def cpu_seconds(request):
    return web.json_response(time.process_time())


@PromptServer.instance.routes.get("/wegen_test/modules")
async def modules(request):
    return web.json_response(sorted({name.split(".")[0] for name in sys.modules}))


@PromptServer.instance.routes.get("/wegen_test/import_seconds")
async def import_seconds(request):
    """CPU seconds of importing the pack once more, under a name that is new each time."""
    name = f"wegen_again_{len(sys.modules)}"
    spec = importlib.util.spec_from_file_location(name, PACK)
    sys.modules[name] = again = importlib.util.module_from_spec(spec)
    start = time.process_time()
    spec.loader.exec_module(again)
    return web.json_response(time.process_time() - start)
