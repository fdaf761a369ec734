"""WeGen Preserve."""

from __future__ import annotations

from comfy_api.latest import io

from .residency import show_text
from .schema import CATEGORY
from .sockets import fitted, to_image, to_mask, to_masks, to_pictures


class WeGenPreserve(io.ComfyNode):
    @classmethod
    def define_schema(cls) -> io.Schema:
        return io.Schema(
            node_id="WeGenPreserve",
            display_name="WeGen Preserve",
            category=CATEGORY,
            description="Takes a picture and an edited version of it, made by any model, and "
            "brings back everything the edit changed only by accident. Needs no model.",
            inputs=[
                io.Image.Input("source", tooltip="The picture before the edit."),
                io.Image.Input(
                    "edited",
                    tooltip="The picture after it: as many as in source; size may differ.",
                ),
                io.Mask.Input(
                    "mask",
                    optional=True,
                    tooltip="White: the edit was meant only here. Empty or not connected: found "
                    "by comparing the two.",
                ),
            ],
            outputs=[
                io.Image.Output(
                    "preserved", display_name="image", tooltip="The edit laid into the source."
                ),
                io.Mask.Output(
                    "change_mask",
                    display_name="change mask",
                    tooltip="White where the picture has changed.",
                ),
                io.String.Output(
                    "report", display_name="report", tooltip="What was aligned, kept and changed."
                ),
            ],
            hidden=[io.Hidden.unique_id],
        )

    @classmethod
    def execute(cls, source, edited, mask=None) -> io.NodeOutput:
        from ..wegen_core.preservation import preserve

        before, after = to_pictures(source, "source"), to_pictures(edited, "edited")
        if len(before) not in (1, len(after)):
            raise ValueError(
                f"source holds {len(before)} pictures and edited {len(after)}; "
                "give one source for all edits, or one for each"
            )
        before = before * len(after) if len(before) == 1 else before
        masks = to_masks(mask, before)
        done = [preserve(*given) for given in zip(before, after, masks, strict=True)]
        report = "\n\n".join(str(d.report) for d in done)
        show_text(report, cls.hidden.unique_id)
        return io.NodeOutput(
            to_image([fitted(d.image, b) for d, b in zip(done, before, strict=True)]),
            to_mask([d.change_mask for d in done]),
            report,
        )
