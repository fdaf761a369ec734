"""WeGen Reference: a picture, what it gives, and where to."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from comfy_api.latest import io

from ..wegen_core.records.plan import ROLES
from .backend.schema import CATEGORY, References
from .backend.sockets import split_masks, to_pictures

if TYPE_CHECKING:
    from PIL.Image import Image
    from torch import Tensor

    from ..wegen_core.records.plan import Reference, Region


class Given(NamedTuple):
    """What a WEGEN_REFERENCES socket carries, in a tuple: pictures, and what each of them gives.

    exact: IMAGE [1,H,W,C] of the picture, which has 8 bits. frame: (width, height) of the mask that
    the region was drawn in.
    """

    picture: Image
    exact: Tensor
    role: str
    what: str
    region: Region | None
    strength: float
    frame: tuple[int, int] | None

    def numbered(self, number: int) -> Reference:
        from ..wegen_core.records.plan import Reference

        return Reference(number, self.role, self.what, self.strength, self.region)


class WeGenReference(io.ComfyNode):
    @classmethod
    def define_schema(cls) -> io.Schema:
        return io.Schema(
            node_id="WeGenReference",
            display_name="WeGen Reference",
            category=CATEGORY,
            description="A picture for WeGen Reference Composer, and what it gives: its subject, "
            "its style, its background, ... Several form a chain.",
            inputs=[
                io.Image.Input("image", tooltip="The picture; of a batch each gives the same."),
                io.Combo.Input(
                    "role",
                    options=list(ROLES),
                    default=ROLES[0],
                    tooltip="What is taken from it. 'base' is the picture that things are put "
                    "into; its other parts stay as they are.",
                ),
                io.String.Input(
                    "what", default="", tooltip="In words: 'the cat'. Empty: the main thing."
                ),
                io.Float.Input(
                    "strength",
                    default=1.0,
                    min=0.0,
                    max=1.0,
                    step=0.05,
                    tooltip="Below 0.5 it is followed loosely; 0 leaves it out.",
                ),
                io.Mask.Input(
                    "region",
                    optional=True,
                    tooltip="Where in the result it goes: the box around the mask's white.",
                ),
                References.Input(
                    "previous", optional=True, tooltip="The reference before, for a chain."
                ),
            ],
            outputs=[
                References.Output(
                    "references",
                    display_name="references",
                    tooltip="Connect it to WeGen Reference Composer, or to the next reference.",
                )
            ],
        )

    @classmethod
    def execute(
        cls, image, role: str, what: str, strength: float, region=None, previous=()
    ) -> io.NodeOutput:
        box = None if region is None else _box(region)
        frame = None if region is None else (region.shape[-1], region.shape[-2])
        both = zip(to_pictures(image, "image"), image.split(1), strict=True)
        own = (Given(*one, role, what.strip(), box, strength, frame) for one in both)
        return io.NodeOutput((*previous, *own))


def _box(mask: Tensor) -> Region | None:
    """The box around the white of a MASK, in 0..1; None for an empty one."""
    from ..wegen_core.images.convert import box_of

    white = split_masks(mask)[0]
    return None if white is None else box_of((white[0] > 0.5).cpu().numpy())
