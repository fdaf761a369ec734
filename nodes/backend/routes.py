"""The routes of the chat sidebar on ComfyUI's server; they only read and arrange conversations.

Painting goes through ComfyUI's saved queue. Answers are JSON; an error is {"error": text}.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any

from . import conversation_archive
from .conversation_graph import branch_graph
from .conversations import MAX_IMAGE_BYTES, Conversations
from .user_conversations import announce, conversations_of, send_user_with_runs

PREFIX = "/wegen/conversations"
Handler = Callable[[Any], Awaitable[Any]]


def register_routes() -> None:
    """Add the routes, once ComfyUI's server is there."""
    from server import PromptServer

    server = PromptServer.instance
    if server is None or server.routes is None:  # the pack was loaded without a server
        return
    from aiohttp import web

    send_user_with_runs(server)
    routes, users = server.routes, server.user_manager

    def conversations(request: Any) -> Conversations:
        return conversations_of(users.get_request_user_id(request))

    def route(method: str, path: str) -> Callable[[Handler], Handler]:
        def decorate(handler: Handler) -> Handler:
            @routes.route(method, path)
            async def answer(request: Any) -> Any:
                try:
                    result = await handler(request)
                except KeyError as error:
                    return web.json_response({"error": str(error.args[0])}, status=404)
                except (ValueError, TypeError) as error:
                    return web.json_response({"error": str(error)}, status=400)
                if method != "GET" and "id" in request.match_info:
                    announce(request.match_info["id"])
                return result if isinstance(result, web.Response) else web.json_response(result)

            return handler

        return decorate

    async def body(request: Any) -> dict[str, Any]:
        data = await request.json()
        if not isinstance(data, dict):
            raise ValueError("the request's body is not a JSON object")
        return data

    async def upload(request: Any, limit: int) -> bytes:
        """The file of a multipart request; ValueError above `limit` bytes."""
        part = await (await request.multipart()).next()
        if part is None:
            raise ValueError("the request holds no file")
        content = bytearray()
        while chunk := await part.read_chunk():
            content += chunk
            if len(content) > limit:
                raise ValueError(f"the file is larger than {limit >> 20} MB")
        return bytes(content)

    @route("GET", PREFIX)
    async def list_all(request: Any) -> Any:
        query, deleted = request.query.get("query", ""), "deleted" in request.query
        saved = conversations(request)
        return {"conversations": await asyncio.to_thread(saved.summaries, query, deleted)}

    @route("POST", PREFIX)
    async def create(request: Any) -> Any:
        title = str((await body(request)).get("title", ""))
        return {"id": await asyncio.to_thread(conversations(request).create, title)}

    @route("POST", "/wegen/import")
    async def import_zip(request: Any) -> Any:
        content = await upload(request, conversation_archive.MAX_BYTES)
        saved = conversations(request)
        return {"id": await asyncio.to_thread(conversation_archive.import_zip, saved, content)}

    @route("GET", PREFIX + "/{id}")
    async def describe(request: Any) -> Any:
        saved = conversations(request)
        return await asyncio.to_thread(saved.describe, request.match_info["id"])

    @route("PATCH", PREFIX + "/{id}")
    async def update(request: Any) -> Any:
        saved, changes = conversations(request), await body(request)
        return await asyncio.to_thread(saved.update, request.match_info["id"], changes)

    @route("DELETE", PREFIX + "/{id}")
    async def remove(request: Any) -> Any:
        await asyncio.to_thread(conversations(request).remove, request.match_info["id"])
        return {}

    @route("POST", PREFIX + "/{id}/turns")
    async def add_turn(request: Any) -> Any:
        saved, data = conversations(request), await body(request)
        names = ("parent", "text", "images", "references", "mask")
        arguments = {name: data[name] for name in names if data.get(name) is not None}
        arguments.setdefault("parent", None)
        if not isinstance(arguments.setdefault("text", ""), str):
            raise ValueError("text is not a string")
        return await asyncio.to_thread(saved.add_turn, request.match_info["id"], **arguments)

    @route("PUT", PREFIX + "/{id}/turns/{turn}/plan")
    async def set_plan(request: Any) -> Any:
        saved, info, plan = conversations(request), request.match_info, await body(request)
        await asyncio.to_thread(saved.set_plan, info["id"], info["turn"], plan)
        return {}

    @route("POST", PREFIX + "/{id}/images")
    async def add_image(request: Any) -> Any:
        saved, content = conversations(request), await upload(request, MAX_IMAGE_BYTES)
        return await asyncio.to_thread(saved.add_image, request.match_info["id"], content)

    @route("GET", PREFIX + "/{id}/images/{name}")
    async def image(request: Any) -> Any:
        saved, info = conversations(request), request.match_info
        forever = {"Cache-Control": "private, max-age=31536000, immutable"}
        if "size" not in request.query:
            path = await asyncio.to_thread(saved.image_path, info["id"], info["name"])
            content = await asyncio.to_thread(path.read_bytes)
            return web.Response(body=content, content_type="image/png", headers=forever)
        size = int(request.query["size"])
        content = await asyncio.to_thread(saved.thumbnail, info["id"], info["name"], size)
        return web.Response(body=content, content_type="image/jpeg", headers=forever)

    @route("GET", PREFIX + "/{id}/turns/{turn}/change")
    async def change(request: Any) -> Any:
        saved, info = conversations(request), request.match_info
        against = request.query.get("against", "before")
        return await asyncio.to_thread(saved.change, info["id"], info["turn"], against)

    @route("GET", PREFIX + "/{id}/graph")
    async def graph(request: Any) -> Any:
        saved, head = conversations(request), request.query.get("head")
        return await asyncio.to_thread(branch_graph, saved, request.match_info["id"], head)

    @route("GET", PREFIX + "/{id}/export")
    async def export(request: Any) -> Any:
        saved, conversation_id = conversations(request), request.match_info["id"]
        content = await asyncio.to_thread(conversation_archive.export_zip, saved, conversation_id)
        name = f'attachment; filename="wegen-{conversation_id}.zip"'
        headers = {"Content-Disposition": name}
        return web.Response(body=content, content_type="application/zip", headers=headers)
