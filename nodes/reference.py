"""WeGen Reference: an image, what it gives, and where to."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from comfy_api.latest import io

from ..wegen_core.images.convert import box_of
from ..wegen_core.records.plan import ROLES, Reference
from .backend.schema import CATEGORY, ReferencesSocket, aliases
from .backend.sockets import require, split_masks, to_parts

if TYPE_CHECKING:
    from ..wegen_core.records.conversation import ImagePart
    from ..wegen_core.records.plan import Region


class ReferenceEntry(NamedTuple):
    """One of the references that a WEGEN_REFERENCES socket carries: an image and what it gives.

    frame: (width, height) of the mask that the region was drawn in.
    """

    part: ImagePart
    role: str
    what: str
    region: Region | None
    strength: float
    frame: tuple[int, int] | None

    def reference(self, number: int) -> Reference:
        """The reference to the image as number `number` of a conversation."""
        return Reference(number, self.role, self.what, self.strength, self.region)


class WeGenReference(io.ComfyNode):
    """An image and what it gives, for WeGenCompose."""

    @classmethod
    def define_schema(cls) -> io.Schema:
        return io.Schema(
            node_id="WeGenReference",
            display_name="WeGen Reference",
            category=CATEGORY,
            **aliases("reference image", "style reference", "role", "参考图"),
            description="An image for WeGen Reference Composer, and what it gives: its subject, "
            "its style, its background, ... Several form a chain.",
            inputs=[
                io.Image.Input("image", tooltip="The image; of a batch each gives the same."),
                io.Combo.Input(
                    "role",
                    options=list(ROLES),
                    default=ROLES[0],
                    tooltip="What is taken from it. 'base' is the image that things are put "
                    "into; its other parts stay as they are.",
                ),
                io.String.Input(
                    "what",
                    default="",
                    tooltip="The thing, in words, such as 'the cat'. Empty: the main thing.",
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
                ReferencesSocket.Input(
                    "previous", optional=True, tooltip="The reference before, for a chain."
                ),
            ],
            outputs=[
                ReferencesSocket.Output(
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
        previous = require(previous, tuple, "previous", "another WeGen Reference")
        frame = box = None
        if region is not None:
            mask = split_masks(region)[0]  # None if it is empty
            frame = (region.shape[-1], region.shape[-2])
            box = None if mask is None else box_of((mask[0] > 0.5).cpu().numpy())
        entries = [
            ReferenceEntry(part, role, what.strip(), box, strength, frame)
            for part in to_parts(image, "image")
        ]
        return io.NodeOutput((*previous, *entries))
