"""WeGen Refiner."""

from __future__ import annotations

from comfy_api.latest import io

from ..wegen_core.painting.step import paint_step
from ..wegen_core.planning.requests import refine_request
from .backend.expansion import IMAGE, MASK, REPORT, ExpansionContext, paint
from .backend.memory import ManagedCopilot
from .backend.schema import CATEGORY, aliases, copilot_input, seed_input, text_input
from .backend.sockets import to_masks, to_parts


class WeGenRefine(io.ComfyNode):
    """Changes one image of a batch after the other; expands where ComfyUI paints."""

    @classmethod
    def define_schema(cls) -> io.Schema:
        return io.Schema(
            node_id="WeGenRefine",
            display_name="WeGen Refiner",
            category=CATEGORY,
            **aliases(
                "edit image",
                "change image",
                "inpaint",
                "Consistency-Aware Refiner",
                "改图",
                "修图",
                "局部重绘",
            ),
            description="Changes an image as one sentence says. The rest of the image stays "
            "as it was.",
            inputs=[
                copilot_input(),
                io.Image.Input(
                    "image", tooltip="The image; of a batch, each one is refined by itself."
                ),
                text_input("instruction", "make the boat red", "What to change, in one sentence."),
                seed_input(),
                io.Mask.Input(
                    "mask",
                    optional=True,
                    tooltip="White: changes are allowed only here. One for all images or one for "
                    "each. Empty or not connected: the copilot decides where.",
                ),
            ],
            outputs=[
                io.Image.Output("refined", display_name="image", tooltip="The changed image."),
                io.Mask.Output(
                    "change_mask",
                    display_name="change mask",
                    tooltip="White where the image has changed.",
                ),
                io.String.Output(
                    "report", display_name="report", tooltip="What was planned, changed and kept."
                ),
            ],
            hidden=[io.Hidden.unique_id, io.Hidden.dynprompt],
            enable_expand=True,
        )

    @classmethod
    def execute(
        cls, copilot: ManagedCopilot, image, instruction: str, seed: int, mask=None
    ) -> io.NodeOutput:
        context = ExpansionContext.of(cls.hidden, copilot)
        images = to_parts(image, "image")
        steps = []
        for part, part_mask in zip(images, to_masks(mask, images), strict=True):
            conversation = refine_request(part, instruction)
            plan = context.plan(conversation, "refine", seed)
            steps.append(paint_step(plan, conversation, seed, part_mask))
        return paint(context, steps, IMAGE, MASK, REPORT)
