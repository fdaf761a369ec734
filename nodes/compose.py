"""WeGen Reference Composer."""

from __future__ import annotations

from comfy_api.latest import io

from .backend.expansion import IMAGE, REPORT, composing, expand, expanding
from .backend.memory import Resident, show_text
from .backend.schema import CATEGORY, References, copilot_input, seed_input, text_input
from .backend.sockets import numbered, restored, to_image, to_pictures

IMAGES = ("image_1", "image_2", "image_3", "image_4")


class WeGenCompose(io.ComfyNode):
    @classmethod
    def define_schema(cls) -> io.Schema:
        images = [
            io.Image.Input(
                name,
                display_name=f"image {i}",
                optional=True,
                tooltip=f"Picture {i}. A batch counts as several, in order; sizes may differ.",
            )
            for i, name in enumerate(IMAGES, 1)
        ]
        return io.Schema(
            node_id="WeGenCompose",
            display_name="WeGen Reference Composer",
            category=CATEGORY,
            description="Makes one picture out of several: takes things from some references and "
            "puts them where the sentence says.",
            inputs=[
                copilot_input(),
                *images,
                text_input(
                    "instruction",
                    "put the cat from picture 1 into picture 2",
                    "Which picture gives what. Pictures are numbered from 1.",
                ),
                seed_input(),
                References.Input(
                    "references",
                    optional=True,
                    tooltip="From WeGen Reference: pictures that say themselves what they give. "
                    "They are numbered after the others; 9 in all.",
                ),
            ],
            outputs=[
                io.Image.Output("composed", display_name="image", tooltip="The new picture."),
                io.String.Output(
                    "report",
                    display_name="report",
                    tooltip="What was planned, and from which picture.",
                ),
            ],
            hidden=[io.Hidden.unique_id, io.Hidden.dynprompt],
            enable_expand=True,
        )

    @classmethod
    def execute(
        cls, copilot: Resident, instruction: str, seed: int, references=(), **images
    ) -> io.NodeOutput:
        batches = {name: images[name] for name in IMAGES if images.get(name) is not None}
        pictures = [p for name, batch in batches.items() for p in to_pictures(batch, name)]
        roles = [given.numbered(k) for k, given in enumerate(references, len(pictures) + 1)]
        pictures += [given.picture for given in references]
        exact = numbered([*batches.values(), *(given.exact for given in references)])
        _require_frames(references, roles, pictures, instruction)
        if here := expanding(cls.hidden, copilot):
            step = composing(here, exact, pictures, instruction, seed, roles)
            links, nodes = expand(here, [step])
            return io.NodeOutput(links[IMAGE], links[REPORT], expand=nodes)
        with copilot.at_work(cls.hidden.unique_id) as (wegen, callbacks):
            done = wegen.compose(pictures, instruction, seed, references=roles, **callbacks)
        show_text(str(done.report), cls.hidden.unique_id)
        composed = restored(to_image([done.image]), exact.get(done.plan.base), done.change_mask)
        return io.NodeOutput(composed, str(done.report))


def _require_frames(references, roles, pictures, instruction: str) -> None:
    """ValueError for a region that was drawn in another shape than the scene has.

    The scene is known where the user has said which picture it is.
    """
    from ..wegen_core.constraints.image_numbers import target_image
    from ..wegen_core.images.convert import require_shape

    base = next((r.picture for r in roles if r.role == "base"), target_image(instruction))
    if base is None or not 1 <= base <= len(pictures):
        return
    for given, role in zip(references, roles, strict=True):
        if given.region is not None:
            name = f"the region of picture {role.picture}"
            require_shape(given.frame, pictures[base - 1].size, name, "scene")
