"""A custom node file for the test server: what of WeGen is in memory, what importing it costs."""

import gc
import importlib.util
import sys
import time
import weakref
from pathlib import Path

import torch
from aiohttp import web
from server import PromptServer

PACK = Path(__file__).parent / "ComfyUI-WeGen" / "__init__.py"
NETWORKS = ("WeGen", "Gemma3ForConditionalGeneration")
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


NODE_CLASS_MAPPINGS = {"TestImage": TestImage, "TestEmptyBatch": TestEmptyBatch}


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
    """CPU seconds of importing the pack once more, under another name."""
    spec = importlib.util.spec_from_file_location("wegen_again", PACK)
    sys.modules["wegen_again"] = again = importlib.util.module_from_spec(spec)
    start = time.process_time()
    spec.loader.exec_module(again)
    return web.json_response(time.process_time() - start)
