"""WeGen Generate."""

from __future__ import annotations

from comfy_api.latest import io

from ..wegen_core.painting.painter import PaintSettings
from .backend.expansion import IMAGE, ExpansionContext, generate_steps, paint
from .backend.memory import ManagedCopilot
from .backend.schema import CATEGORY, advanced, aliases, copilot_input, seed_input, text_input


class WeGenGenerate(io.ComfyNode):
    """New images of a prompt; expands where ComfyUI paints."""

    @classmethod
    def define_schema(cls) -> io.Schema:
        return io.Schema(
            node_id="WeGenGenerate",
            display_name="WeGen Generate",
            category=CATEGORY,
            **aliases("text to image", "draw", "txt2img", "new image", "画图", "文生图"),
            description="Draws images from a prompt. Several images of a vague prompt are "
            "different readings of it.",
            inputs=[
                copilot_input(),
                text_input(
                    "prompt",
                    "a red boat on the left, by the sea",
                    "What to draw. The built-in model knows cars, boats, houses, trees, cats, "
                    "fish, balls and stars, on grass, sea, desert or at night.",
                ),
                io.Int.Input(
                    "n",
                    display_name="pictures",
                    default=1,
                    min=1,
                    max=16,
                    tooltip="How many images; they come as one batch.",
                ),
                seed_input(),
                advanced(
                    io.Int.Input(
                        "steps",
                        default=0,
                        min=0,
                        max=200,
                        tooltip="Painting steps; 0 takes the model's own number.",
                    )
                ),
                advanced(
                    io.Float.Input(
                        "guidance",
                        default=0.0,
                        min=0.0,
                        max=30.0,
                        step=0.1,
                        tooltip="How firmly the painter follows the plan; 0 takes the model's own.",
                    )
                ),
            ],
            outputs=[
                io.Image.Output("images", display_name="images", tooltip="The images, one batch.")
            ],
            hidden=[io.Hidden.unique_id, io.Hidden.dynprompt],
            enable_expand=True,
        )

    @classmethod
    def execute(
        cls, copilot: ManagedCopilot, prompt: str, n: int, seed: int, steps: int, guidance: float
    ) -> io.NodeOutput:
        context = ExpansionContext.of(cls.hidden, copilot)
        settings = PaintSettings(steps=steps or None, guidance=guidance or None)
        return paint(context, generate_steps(context, prompt, n, seed, settings), IMAGE)
