"""WeGen Reference: a picture, what it gives, and where to."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from comfy_api.latest import io

from ..wegen_core.plan import ROLES
from .schema import CATEGORY, References
from .sockets import to_masks, to_pictures

if TYPE_CHECKING:
    from PIL.Image import Image

    from ..wegen_core.plan import Reference


class Given(NamedTuple):
    """What a WEGEN_REFERENCES socket carries, in a tuple: pictures, and what each of them gives."""

    picture: Image
    role: str
    what: str
    region: tuple[float, float, float, float] | None
    strength: float

    def numbered(self, number: int) -> Reference:
        from ..wegen_core.plan import Reference

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
        own = (Given(p, role, what.strip(), box, strength) for p in to_pictures(image, "image"))
        return io.NodeOutput((*previous, *own))


def _box(mask) -> tuple[float, float, float, float] | None:
    """The box around the white of a MASK, in 0..1; None for an empty one."""
    from PIL import Image

    white = to_masks(mask, [Image.new("L", tuple(mask.shape[-1:-3:-1]))])[0]
    found = white and white.point(lambda level: 255 * (level > 127)).getbbox()
    if not found:
        return None
    (width, height), (x0, y0, x1, y1) = white.size, found
    return x0 / width, y0 / height, x1 / width, y1 / height
