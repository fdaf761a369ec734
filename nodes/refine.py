"""WeGen Consistency-Aware Refiner."""

from __future__ import annotations

from comfy_api.latest import io

from .backend.expansion import IMAGE, MASK, REPORT, expand, expanding, refining
from .backend.memory import Resident, show_text
from .backend.schema import CATEGORY, copilot_input, seed_input, text_input
from .backend.sockets import restored, to_image, to_mask, to_masks, to_pictures


class WeGenRefine(io.ComfyNode):
    @classmethod
    def define_schema(cls) -> io.Schema:
        return io.Schema(
            node_id="WeGenRefine",
            display_name="WeGen Consistency-Aware Refiner",
            category=CATEGORY,
            description="Changes a picture as one sentence says. What the sentence does not ask to "
            "change comes back as it was.",
            inputs=[
                copilot_input(),
                io.Image.Input(
                    "image", tooltip="The picture; of a batch, each one is refined by itself."
                ),
                text_input("instruction", "make the boat red", "What to change, in one sentence."),
                seed_input(),
                io.Mask.Input(
                    "mask",
                    optional=True,
                    tooltip="White: changes are allowed only here. One for all pictures or one for "
                    "each. Empty or not connected: the copilot decides where.",
                ),
            ],
            outputs=[
                io.Image.Output("refined", display_name="image", tooltip="The changed picture."),
                io.Mask.Output(
                    "change_mask",
                    display_name="change mask",
                    tooltip="White where the picture has changed.",
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
        cls, copilot: Resident, image, instruction: str, seed: int, mask=None
    ) -> io.NodeOutput:
        import torch

        pictures = to_pictures(image, "image")
        masks = to_masks(mask, pictures)
        if here := expanding(cls.hidden, copilot):
            steps = refining(here, image, pictures, masks, instruction, seed)
            links, nodes = expand(here, steps)
            return io.NodeOutput(links[IMAGE], links[MASK], links[REPORT], expand=nodes)
        with copilot.at_work(cls.hidden.unique_id) as (wegen, callbacks):
            done = [
                wegen.refine(picture, instruction, mask=where, seed=seed, **callbacks)
                for picture, where in zip(pictures, masks, strict=True)
            ]
        report = "\n\n".join(str(d.report) for d in done)
        show_text(report, cls.hidden.unique_id)
        refined = [
            restored(to_image([d.image]), source, d.change_mask)
            for d, source in zip(done, image.split(1), strict=True)
        ]
        changed = to_mask([d.change_mask for d in done])
        return io.NodeOutput(torch.cat(refined), changed, report)
