"""WeGen Preserve."""

from __future__ import annotations

from comfy_api.latest import io

from .residency import show_text
from .schema import CATEGORY
from .sockets import fitted, to_masks, to_pictures


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
        import torch

        from ..wegen_core.preservation import preserve

        if len(source) not in (1, len(edited)):
            raise ValueError(
                f"source holds {len(source)} pictures and edited {len(edited)}; "
                "give one source for all edits, or one for each"
            )
        source = source.expand(len(edited), -1, -1, -1)
        masks = to_masks(mask, to_pictures(source, "source"))
        singles = zip(source.split(1), edited.split(1), masks, strict=True)
        done = [preserve(*given) for given in singles]
        report = "\n\n".join(str(d.report) for d in done)
        show_text(report, cls.hidden.unique_id)
        images = [fitted(d.image, source) for d in done]
        return io.NodeOutput(torch.cat(images), torch.cat([d.change_mask for d in done]), report)
