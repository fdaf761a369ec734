"""A custom node file for the test server: says what of WeGen is alive in its memory."""

import gc
import sys

from aiohttp import web
from server import PromptServer

NODE_CLASS_MAPPINGS = {}


@PromptServer.instance.routes.get("/wegen_test/networks")
async def networks(request):
    # By name, and by type(): isinstance would touch lazy proxies of other libraries.
    return web.json_response(sum(type(o).__name__ == "WeGen" for o in gc.get_objects()))


@PromptServer.instance.routes.get("/wegen_test/modules")
async def modules(request):
    return web.json_response(sorted({name.split(".")[0] for name in sys.modules}))
