"""WeGen Prompt Rewriter."""

from __future__ import annotations

from typing import TYPE_CHECKING

from comfy_api.latest import io

from ..wegen_core.planning.requests import require_text
from ..wegen_core.rewriting import rewrite
from .backend.memory import ManagedCopilot, ManagedModel, copilot_or_mllm, show_text
from .backend.schema import CATEGORY, aliases, copilot_input, mllm_input, seed_input, text_input

if TYPE_CHECKING:
    from ..wegen_core.mllm import ChatModel


class WeGenRewritePrompt(io.ComfyNode):
    """Several full prompts out of one request."""

    @classmethod
    def define_schema(cls) -> io.Schema:
        return io.Schema(
            node_id="WeGenRewritePrompt",
            display_name="WeGen Prompt Rewriter",
            category=CATEGORY,
            **aliases(
                "enhance prompt",
                "expand prompt",
                "prompt enhancer",
                "magic prompt",
                "优化提示词",
                "扩写",
            ),
            description="Turns one vague request into several different, complete prompts. "
            "What you said is in every one of them.",
            inputs=[
                text_input("prompt", "a boat", "Your request, as short as you like."),
                io.Int.Input(
                    "n", display_name="prompts", default=4, min=1, max=16, tooltip="How many."
                ),
                io.Float.Input(
                    "creativity",
                    default=0.7,
                    min=0.0,
                    max=1.0,
                    step=0.05,
                    tooltip="0 adds almost nothing, 1 adds the most.",
                ),
                seed_input(),
                copilot_input(
                    optional=True,
                    tooltip="From WeGen Model Loader: its own language model rewrites. Without it, "
                    "a word list does, which suits any other image model.",
                ),
                mllm_input(),
            ],
            outputs=[
                io.String.Output(
                    "prompts",
                    display_name="prompts",
                    is_output_list=True,
                    tooltip="A list: nodes behind it run once for each prompt.",
                ),
                io.String.Output(
                    "report",
                    display_name="report",
                    tooltip="What was added to and kept in each prompt.",
                ),
            ],
            hidden=[io.Hidden.unique_id],
        )

    @classmethod
    def execute(
        cls,
        prompt: str,
        n: int,
        creativity: float,
        seed: int,
        copilot: ManagedCopilot | None = None,
        mllm: ManagedModel[ChatModel] | None = None,
    ) -> io.NodeOutput:
        require_text(prompt, "prompt", "say what you wish to see, even in one word")
        model = copilot_or_mllm(copilot, mllm)
        if model is None:
            rewrites = rewrite(prompt, n, seed, creativity)
        else:
            with model.on_device(cls.hidden.unique_id) as hooks:
                rewrites = model.copilot.rewrite(prompt, n, seed, creativity, hooks=hooks)
        report = "\n\n".join(dict.fromkeys(r.report() for r in rewrites))
        show_text(rewrites[0].note or f"1 of {n}: {rewrites[0].prompt}", cls.hidden.unique_id)
        return io.NodeOutput([r.prompt for r in rewrites], report)
