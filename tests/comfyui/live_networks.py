"""A custom node file for the test server: what of WeGen is in memory, what importing it costs."""

import gc
import importlib.util
import sys
import time
from pathlib import Path

from aiohttp import web
from server import PromptServer

NODE_CLASS_MAPPINGS = {}
PACK = Path(__file__).parent / "ComfyUI-WeGen" / "__init__.py"


@PromptServer.instance.routes.get("/wegen_test/networks")
async def networks(request):
    gc.collect()  # what only garbage still refers to is not held
    # By name, and by type(): isinstance would touch lazy proxies of other libraries.
    return web.json_response(sum(type(o).__name__ == "WeGen" for o in gc.get_objects()))


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
