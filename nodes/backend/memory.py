"""Our copilot under ComfyUI: its memory manager, progress bar, previews, text and Stop button.

`wegen_core` knows plain callbacks only. `Resident` keeps the network under the memory manager and
lives in node outputs alone, so that emptying ComfyUI's cache frees it.
"""

from __future__ import annotations

import time
from collections import OrderedDict
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from ...wegen_core.copilot import Copilot
    from ...wegen_core.mllm import MLLM
    from ...wegen_core.painting import Painter
    from ...wegen_core.records.hooks import Preview

PREVIEW_SECONDS = 0.3
TEXT_SECONDS = 0.1
MOST_PLANS = 64
READ_TOKENS = 8192
"""As long as a talk with a few pictures gets."""


class Home:
    """A network under ComfyUI's memory manager.

    forget: called when the network leaves the device. activations: bytes that its work takes on
    top of the weights.
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


def decoding(net: Any) -> int:
    """Bytes that decoding one picture takes: the VAE's peak, by ComfyUI's own estimate for SDXL."""
    paint = net.config.paint
    return 2178 * paint.width * paint.height * net.dtype.itemsize


def reading(net: Any) -> int:
    """Bytes of a language model's KV cache for READ_TOKENS tokens, twice, for all the rest."""
    text = net.config.get_text_config()
    heads = getattr(text, "num_key_value_heads", None) or text.num_attention_heads
    width = getattr(text, "head_dim", None) or text.hidden_size // text.num_attention_heads
    return 2 * READ_TOKENS * text.num_hidden_layers * 2 * heads * width * net.dtype.itemsize


@dataclass(frozen=True)
class ResidentModel:
    """What a WEGEN_MLLM or WEGEN_PAINTER socket carries. homes: none for a model elsewhere."""

    model: MLLM | Painter
    homes: Sequence[Home] = ()


class Resident:
    """What a WEGEN_COPILOT socket carries: a copilot, and the homes of its networks."""

    def __init__(self, copilot: Copilot, homes: Sequence[Home]) -> None:
        self.copilot, self.homes = copilot, list(homes)
        self.plans: OrderedDict[str, Any] = OrderedDict()

    def planned(self, key: str, node_id: str, plan: Callable[..., Any]) -> Any:
        """What `plan(copilot, **callbacks)` gives; for a key known before, what it gave then."""
        if key not in self.plans:
            with self.at_work(node_id) as (copilot, callbacks):
                self.plans[key] = plan(copilot, **callbacks)
            if len(self.plans) > MOST_PLANS:
                self.plans.popitem(last=False)
        return self.plans[key]

    @contextmanager
    def at_work(self, node_id: str) -> Iterator[tuple[Copilot, dict[str, Callable]]]:
        """The copilot with its networks on the device, and the callbacks to hand to it.

        The user's Stop leaves the block as ComfyUI's own exception.
        """
        import comfy.model_management as memory

        if self.homes:
            memory.load_models_gpu(
                [home.patcher for home in self.homes],
                memory_required=max(home.activations for home in self.homes),
                force_full_load=True,
            )
        text = _Text(node_id)
        with stoppable() as callbacks:
            yield self.copilot, {**callbacks, "on_text": text}
        text.show()


def speaker(copilot: Resident | None, mllm: ResidentModel | None) -> Resident | None:
    """What answers in words: the copilot, or one of the MLLM alone; None if neither is connected.

    Raises ValueError if both are.
    """
    if mllm is None:
        return copilot
    if copilot is not None:
        raise ValueError("both copilot and mllm are connected; disconnect one of them")
    from ...wegen_core.copilot import Copilot

    return Resident(Copilot(mllm.model, painter=None), mllm.homes)  # words need no painter


@contextmanager
def stoppable() -> Iterator[dict[str, Callable]]:
    """The callbacks `on_progress` and `should_stop` to hand to the core.

    The user's Stop leaves the block as ComfyUI's own exception.
    """
    import comfy.model_management as memory

    from ...wegen_core.records.hooks import Stopped

    stop = memory.processing_interrupted
    try:
        yield {"on_progress": _Bar(stop), "should_stop": stop}
    except Stopped:
        memory.throw_exception_if_processing_interrupted()  # this also resets the flag
        raise memory.InterruptProcessingException() from None


class _Bar:
    """Progress -> the node's bar; a preview now and then, for at most a fifth of the time."""

    def __init__(self, interrupted: Callable[[], bool]) -> None:
        self.interrupted = interrupted
        self.at = ("", 0)
        self.due = self.cost = 0.0

    def __call__(self, stage: str, step: int, total: int, preview: Preview | None) -> None:
        import comfy.utils

        if self.interrupted():
            return  # the bar's own hook would raise here, in the middle of the core's work
        if stage != self.at[0] or step <= self.at[1]:
            self.bar = comfy.utils.ProgressBar(total)
        self.at = (stage, step)
        self.bar.update_absolute(step, total, self.decoded(preview, last=step == total))

    def decoded(self, preview: Preview | None, last: bool) -> tuple[str, Any, int] | None:
        """The preview as ComfyUI takes it. The last one stays on the node: shown if it is cheap."""
        start = time.monotonic()
        wanted = start >= self.due or (last and self.cost < PREVIEW_SECONDS)
        if preview is None or not wanted:
            return None
        picture = preview().convert("RGB")
        self.cost = time.monotonic() - start
        self.due = start + self.cost + max(PREVIEW_SECONDS, 4 * self.cost)
        return "JPEG", picture, 512


class _Text:
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
        if self.text:
            show_text(self.text, self.node_id)


def show_text(text: str, node_id: str) -> None:
    """Show `text` on the node; nothing happens without a server."""
    from server import PromptServer

    if getattr(PromptServer, "instance", None) is not None:
        PromptServer.instance.send_progress_text(text, node_id)
