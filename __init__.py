"""ComfyUI's door to WeGen. It lists the nodes; models and their libraries load when one runs."""

from __future__ import annotations

from comfy_api.latest import ComfyExtension, io

from .nodes.ask import WeGenAsk
from .nodes.backend.hidden_keys import register_key_filter
from .nodes.backend.model_folders import register
from .nodes.backend.routes import register_routes
from .nodes.chat import WeGenChat
from .nodes.compose import WeGenCompose
from .nodes.conversation import WeGenConversation
from .nodes.copilot import WeGenCopilot
from .nodes.generate import WeGenGenerate
from .nodes.internal import WeGenFinish, WeGenHeld, WeGenPlanReply, WeGenUnpack
from .nodes.load_mllm import WeGenLoadMLLM
from .nodes.load_model import WeGenLoadModel
from .nodes.mllm_endpoint import WeGenMLLMEndpoint
from .nodes.mllm_from_clip import WeGenMLLMFromCLIP
from .nodes.painter import WeGenPainter
from .nodes.preserve import WeGenPreserve
from .nodes.reference import WeGenReference
from .nodes.refine import WeGenRefine
from .nodes.rewrite import WeGenRewritePrompt
from .nodes.save_conversation import WeGenSaveConversation

WEB_DIRECTORY = "./web"

__all__ = ["WEB_DIRECTORY", "comfy_entrypoint"]


class WeGenExtension(ComfyExtension):
    async def get_node_list(self) -> list[type[io.ComfyNode]]:
        return [
            WeGenLoadModel,
            WeGenLoadMLLM,
            WeGenMLLMEndpoint,
            WeGenMLLMFromCLIP,
            WeGenPainter,
            WeGenCopilot,
            WeGenRewritePrompt,
            WeGenGenerate,
            WeGenRefine,
            WeGenReference,
            WeGenCompose,
            WeGenAsk,
            WeGenChat,
            WeGenConversation,
            WeGenSaveConversation,
            WeGenPreserve,
            WeGenPlanReply,
            WeGenHeld,
            WeGenUnpack,
            WeGenFinish,
        ]


async def comfy_entrypoint() -> WeGenExtension:
    """What ComfyUI calls when it loads the pack."""
    register()
    register_routes()
    register_key_filter()
    return WeGenExtension()
