"""Our models under ComfyUI: its memory manager, progress bar, previews, text and Stop button.

`wegen_core` knows plain hooks only. `ManagedCopilot` keeps networks under the memory manager and
lives in node outputs alone, so that emptying ComfyUI's cache frees them.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, Generic, TypeVar

from ...wegen_core.records.hooks import Hooks, Stopped
from .sockets import require

if TYPE_CHECKING:
    from ...wegen_core.copilot import Copilot
    from ...wegen_core.mllm import ChatModel
    from ...wegen_core.records.hooks import Preview
    from ...wegen_core.records.plan import Plan

Model = TypeVar("Model")

PREVIEW_SECONDS = 0.3
TEXT_SECONDS = 0.1
NODE_TEXT = 120
"""Characters of text on a node; its outputs have all of it."""
MAX_PLANS = 64
"""How many requests a copilot keeps the plans of."""
KV_CACHE_TOKENS = 8192
"""Tokens reserved for the KV cache: a conversation with a few images."""


class ManagedNetwork:
    """A network under ComfyUI's memory manager.

    forget: called when the network leaves the device, to free its caches. activations: bytes that
    its work takes on top of the weights.
    """

    def __init__(self, net: Any, forget: Callable[[], None], activations: int) -> None:
        import comfy.model_management as memory

        from .patcher import WeGenNetwork, WholePatcher

        self.activations = activations
        self.patcher = WholePatcher(
            WeGenNetwork(net),
            load_device=memory.get_torch_device(),
            offload_device=memory.unet_offload_device(),
        )
        self.patcher.on_unload(forget)


def vae_decode_bytes(net: Any) -> int:
    """Bytes that decoding one image takes: the VAE's peak, by ComfyUI's own estimate for SDXL."""
    paint = net.config.paint
    return 2178 * paint.width * paint.height * net.dtype.itemsize


def kv_cache_bytes(net: Any) -> int:
    """Twice the bytes of a language model's KV cache; the second half is for everything else."""
    text = net.config.get_text_config()
    heads = getattr(text, "num_key_value_heads", None) or text.num_attention_heads
    width = getattr(text, "head_dim", None) or text.hidden_size // text.num_attention_heads
    return 2 * KV_CACHE_TOKENS * text.num_hidden_layers * 2 * heads * width * net.dtype.itemsize


@dataclass(frozen=True)
class ManagedModel(Generic[Model]):
    """What a WEGEN_MLLM or WEGEN_PAINTER socket carries. networks: empty for a remote model."""

    model: Model
    networks: Sequence[ManagedNetwork] = ()


class ManagedCopilot:
    """What a WEGEN_COPILOT socket carries: a copilot and its managed networks."""

    def __init__(self, copilot: Copilot, networks: Sequence[ManagedNetwork]) -> None:
        self.copilot, self.networks = copilot, list(networks)
        self.plans: dict[str | None, list[Plan]] = {}
        """Plans by request, oldest first: another seed paints them again (see `expansion`)."""

    def store_plans(self, key: str | None, plans: list[Plan]) -> list[Plan]:
        """Keep plans for the next seed, without visual tokens.

        With the key None nothing is kept, nor is a plan that the model failed to make: it is asked
        again.
        """
        if key is None or any(plan.is_fallback for plan in plans):
            return plans
        self.plans[key] = [replace(plan, draft=None) for plan in plans]
        if len(self.plans) > MAX_PLANS:
            del self.plans[next(iter(self.plans))]
        return self.plans[key]

    @contextmanager
    def on_device(self, node_id: str) -> Iterator[Hooks]:
        """The networks are on the device; the hooks report to the node and raise ComfyUI's Stop."""
        import comfy.model_management as memory

        if self.networks:
            memory.load_models_gpu(
                [network.patcher for network in self.networks],
                memory_required=max(network.activations for network in self.networks),
                force_full_load=True,
            )
        text = _NodeText(node_id)
        with interruptible() as hooks:
            yield replace(hooks, on_text=text)
        text.show()


def require_copilot(copilot: Any) -> ManagedCopilot:
    """What a copilot socket carries; ValueError for anything else."""
    return require(copilot, ManagedCopilot, "copilot", "WeGen Model Loader or WeGen Copilot")


def require_mllm(mllm: Any) -> ManagedModel[ChatModel]:
    """What an mllm socket carries; ValueError for anything else."""
    return require(mllm, ManagedModel, "mllm", "WeGen MLLM Loader, Endpoint or from CLIP")


def copilot_or_mllm(
    copilot: ManagedCopilot | None, mllm: ManagedModel[ChatModel] | None
) -> ManagedCopilot | None:
    """The connected copilot, or one of the connected MLLM without a painter; None for neither.

    Raises ValueError if both are connected.
    """
    if mllm is None:
        return None if copilot is None else require_copilot(copilot)
    if copilot is not None:
        raise ValueError("both copilot and mllm are connected; disconnect one of them")
    from ...wegen_core.copilot import Copilot

    mllm = require_mllm(mllm)
    return ManagedCopilot(Copilot(mllm.model, painter=None), mllm.networks)


@contextmanager
def interruptible() -> Iterator[Hooks]:
    """Hooks for the core; the user's Stop leaves the block as ComfyUI's own exception."""
    import comfy.model_management as memory

    stop = memory.processing_interrupted
    try:
        yield Hooks(on_progress=_ProgressBar(stop), should_stop=stop)
    except Stopped:
        memory.throw_exception_if_processing_interrupted()  # this also resets the flag
        raise memory.InterruptProcessingException() from None


class _ProgressBar:
    """Progress -> the node's bar; a preview now and then, for at most a fifth of the time."""

    def __init__(self, interrupted: Callable[[], bool]) -> None:
        self.interrupted = interrupted
        self.position = ("", 0)
        self.preview_due = self.preview_cost = 0.0

    def __call__(self, stage: str, step: int, total: int, preview: Preview | None) -> None:
        import comfy.utils

        if self.interrupted():
            return  # the bar's own hook would raise here, in the middle of the core's work
        if stage != self.position[0] or step <= self.position[1]:
            self.bar = comfy.utils.ProgressBar(total)
        self.position = (stage, step)
        self.bar.update_absolute(step, total, self._decode(preview, last=step == total))

    def _decode(self, preview: Preview | None, last: bool) -> tuple[str, Any, int] | None:
        """The preview as ComfyUI takes it. The last one stays on the node: shown if it is cheap."""
        start = time.monotonic()
        due = start >= self.preview_due or (last and self.preview_cost < PREVIEW_SECONDS)
        if preview is None or not due:
            return None
        image = preview().convert("RGB")
        self.preview_cost = time.monotonic() - start
        self.preview_due = start + self.preview_cost + max(PREVIEW_SECONDS, 4 * self.preview_cost)
        return "JPEG", image, 512


class _NodeText:
    """Pieces of text -> the text shown on the node, a few times a second."""

    def __init__(self, node_id: str) -> None:
        self.node_id = node_id
        self.text = ""
        self.due = 0.0

    def __call__(self, piece: str) -> None:
        self.text += piece
        if time.monotonic() >= self.due:
            self.due = time.monotonic() + TEXT_SECONDS
            self.show()

    def show(self) -> None:
        line = " ".join(self.text.split())
        if line:  # the newest part: it is still being written
            show_text(line if len(line) <= NODE_TEXT else f"…{line[1 - NODE_TEXT :]}", self.node_id)


def show_text(text: str, node_id: str) -> None:
    """Show the beginning of `text` on the node; nothing happens without a server.

    A line or two: longer text covers the neighbours of the node.
    """
    from server import PromptServer

    server = getattr(PromptServer, "instance", None)
    if server is not None:
        line = " ".join(text.split())
        line = line if len(line) <= NODE_TEXT else f"{line[: NODE_TEXT - 1]}…"
        server.send_progress_text(line, node_id)
