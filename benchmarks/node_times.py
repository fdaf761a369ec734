"""A custom node file for `expansion.py`'s server: CPU milliseconds of every node that runs."""

import time

import execution
from aiohttp import web
from server import PromptServer

NODE_CLASS_MAPPINGS = {}
_run = execution.get_output_data
_spent = {}


async def timed(prompt_id, unique_id, obj, *args, **options):
    """As ComfyUI's own; its nodes run in this thread, so that its CPU time is theirs."""
    start = time.thread_time()
    try:
        return await _run(prompt_id, unique_id, obj, *args, **options)
    finally:
        _spent[unique_id] = (time.thread_time() - start) * 1000


execution.get_output_data = timed


@PromptServer.instance.routes.get("/wegen_test/node_times")
async def node_times(_request):
    """Node id -> milliseconds since the last time it was asked."""
    milliseconds = dict(_spent)
    _spent.clear()
    return web.json_response(milliseconds)
