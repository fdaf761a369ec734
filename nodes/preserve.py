"""WeGen Preserve."""

from __future__ import annotations

from comfy_api.latest import io

from ..wegen_core.images.convert import EMPTY_MASK
from .backend.memory import interruptible, show_text
from .backend.schema import CATEGORY, advanced, aliases
from .backend.sockets import one_batch, require_members, split_masks, to_image


class WeGenPreserve(io.ComfyNode):
    """Restores what an edit changed by accident."""

    @classmethod
    def define_schema(cls) -> io.Schema:
        return io.Schema(
            node_id="WeGenPreserve",
            display_name="WeGen Preserve",
            category=CATEGORY,
            **aliases(
                "keep background",
                "keep unchanged",
                "restore original",
                "paste back",
                "保持背景",
                "保留原图",
            ),
            description="Takes an image and an edited version of it, made by any model, and "
            "brings back everything the edit changed only by accident. Needs no model.",
            inputs=[
                io.Image.Input(
                    "source",
                    tooltip="The image before the edit: one for all edits, or one for each. For "
                    "a chain of edits: the preserved image of the step before.",
                ),
                io.Image.Input("edited", tooltip="The image after it; its size may differ."),
                io.Mask.Input(
                    "mask",
                    optional=True,
                    tooltip="White marks where the edit was meant. Empty or not connected: found "
                    "by comparing the two images.",
                ),
                *map(advanced, _settings()),
            ],
            outputs=[
                io.Image.Output(
                    "preserved", display_name="image", tooltip="The edit laid into the source."
                ),
                io.Mask.Output(
                    "change_mask",
                    display_name="change mask",
                    tooltip="White where the image has changed.",
                ),
                io.String.Output(
                    "report", display_name="report", tooltip="What was aligned, kept and changed."
                ),
                io.Image.Output(
                    "drift",
                    display_name="drift",
                    tooltip="A heat map of how far the editor strayed, and the outline of the "
                    "change in cyan. At most one megapixel.",
                ),
            ],
            hidden=[io.Hidden.unique_id],
        )

    @classmethod
    def execute(cls, source, edited, mask=None, **settings) -> io.NodeOutput:
        import torch

        from ..wegen_core.preservation import drift_image, opencv_hint, preserve_batch

        require_members(source, "source")
        require_members(edited, "edited")
        masks = split_masks(mask)
        with interruptible() as hooks:
            results = preserve_batch(source, edited, masks, hooks=hooks, **settings)
        notes = [EMPTY_MASK] if mask is not None and None in masks else []
        report = "\n\n".join([*(str(d.report) for d in results), *notes, *opencv_hint()])
        show_text("; ".join(d.report.reason for d in results), cls.hidden.unique_id)
        change_masks = torch.cat([d.change_mask for d in results])
        like = source
        if all(d.report.decision == "pass" for d in results):  # untouched: in their own size, too
            like, change_masks = edited, change_masks.new_ones(edited.shape[:3])
        return io.NodeOutput(
            one_batch([d.image for d in results], like),
            change_masks,
            report,
            to_image([drift_image(d.drift, d.change_mask) for d in results]),
        )


def _settings() -> list[io.Input]:
    return [
        io.Combo.Input(
            "mask_mode",
            display_name="mask mode",
            options=["limit", "replace"],
            default="limit",
            optional=True,
            tooltip="'limit': changes are searched inside the mask. 'replace': the whole "
            "mask is the change.",
        ),
        io.Combo.Input(
            "scope",
            options=["auto", "local", "global"],
            default="auto",
            optional=True,
            tooltip="'auto': an edit of the whole image (style, light, another image) is "
            "passed on unchanged. 'local': never. 'global': always.",
        ),
        io.Combo.Input(
            "align",
            options=["warp", "affine", "none"],
            default="warp",
            optional=True,
            tooltip="What the editor may have moved. 'warp': anything, by a little. 'affine': "
            "shift, zoom and rotation. 'none': nothing; only sizes may differ.",
        ),
        io.Boolean.Input(
            "shared_registration",
            display_name="video frames",
            default=False,
            optional=True,
            tooltip="For the frames of a video that one edit moved in one way: all are "
            "aligned as the first is, which is steadier and faster.",
        ),
    ]
