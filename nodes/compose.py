"""WeGen Reference Composer."""

from __future__ import annotations

from comfy_api.latest import io

from ..wegen_core.constraints.image_numbers import target_image
from ..wegen_core.images.convert import require_shape
from ..wegen_core.painting.step import paint_step
from ..wegen_core.planning.requests import compose_request
from .backend.expansion import IMAGE, REPORT, ExpansionContext, paint
from .backend.memory import ManagedCopilot
from .backend.schema import (
    CATEGORY,
    ReferencesSocket,
    aliases,
    copilot_input,
    seed_input,
    text_input,
)
from .backend.sockets import require, to_parts

IMAGES = ("image_1", "image_2", "image_3", "image_4")


class WeGenCompose(io.ComfyNode):
    """One image out of several; expands where ComfyUI paints."""

    @classmethod
    def define_schema(cls) -> io.Schema:
        images = [
            io.Image.Input(
                name,
                display_name=f"image {i}",
                optional=True,
                tooltip=f"Image {i}. A batch counts as several, in order; sizes may differ.",
            )
            for i, name in enumerate(IMAGES, 1)
        ]
        return io.Schema(
            node_id="WeGenCompose",
            display_name="WeGen Reference Composer",
            category=CATEGORY,
            **aliases(
                "combine images",
                "merge pictures",
                "reference images",
                "multi reference",
                "合成",
                "多图",
            ),
            description="Makes one image out of several: takes objects from some references "
            "and puts them where the sentence says.",
            inputs=[
                copilot_input(),
                *images,
                text_input(
                    "instruction",
                    "put the cat from picture 1 into picture 2",
                    "Which image gives what. Images are numbered from 1.",
                ),
                seed_input(),
                ReferencesSocket.Input(
                    "references",
                    optional=True,
                    tooltip="From WeGen Reference: images that say themselves what they give. "
                    "They are numbered after the others; 9 in all.",
                ),
            ],
            outputs=[
                io.Image.Output("composed", display_name="image", tooltip="The new image."),
                io.String.Output(
                    "report",
                    display_name="report",
                    tooltip="What was planned, and from which image.",
                ),
            ],
            hidden=[io.Hidden.unique_id, io.Hidden.dynprompt],
            enable_expand=True,
        )

    @classmethod
    def execute(
        cls, copilot: ManagedCopilot, instruction: str, seed: int, references=(), **images
    ) -> io.NodeOutput:
        parts = [p for name in IMAGES for p in to_parts(images.get(name), name, optional=True)]
        references = require(references, tuple, "references", "WeGen Reference")
        roles = [entry.reference(k) for k, entry in enumerate(references, len(parts) + 1)]
        parts += [entry.part for entry in references]
        _require_frames(references, roles, parts, instruction)
        context = ExpansionContext.of(cls.hidden, copilot)
        conversation = compose_request(parts, instruction, roles)
        plan = context.plan(conversation, "compose", seed)
        return paint(context, [paint_step(plan, conversation, seed)], IMAGE, REPORT)


def _require_frames(references, roles, parts, instruction: str) -> None:
    """ValueError for a region that was drawn in another shape than the scene has.

    The scene is known where the user has said which image it is.
    """
    bases = (role.image for role in roles if role.role == "base" and role.strength > 0)
    base = next(bases, target_image(instruction))
    if base is None or not 1 <= base <= len(parts):
        return
    for entry, role in zip(references, roles, strict=True):
        if entry.region is not None and role.strength > 0:
            name = f"the region of image {role.image}"
            require_shape(entry.frame, parts[base - 1].image.size, name, "scene")
