"""What a recipe says: how one family of models paints with ComfyUI's own nodes."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any, Literal

from ...wegen_core.painting.families import Family

AUTO = "auto"


@dataclass(frozen=True)
class Node:
    """One of ComfyUI's nodes in a recipe.

    Parameters
    ----------
    type
        Its class.
    reads
        Inputs that get what is loaded or painted: "clip", "vae", "width", "height", "steps".
    text, negative
        Names of its inputs for the text and for the negative prompt. A node with `negative` gives
        both conditions.
    images
        Name of its input for an image, with a field {n}, the image's number from 1, or {i}, from 0.
    latent
        Its third output is where sampling starts: an empty latent of the size of the first image.
    inputs
        Further inputs.
    """

    type: str
    reads: tuple[str, ...] = ()
    text: str = ""
    negative: str = ""
    images: str = ""
    latent: bool = False
    inputs: dict[str, Any] = field(default_factory=dict)


TEXT = Node("CLIPTextEncode", ("clip",), text="text")


@dataclass(frozen=True)
class Recipe:
    """How one family of models paints.

    Parameters
    ----------
    name
        Option of the node's `recipe` widget.
    models
        Names of the family's classes in ComfyUI's `supported_models`; (): not known, so that the
        file name alone tells, or the user.
    family
        Wording and sizes: a row of `painting.families`.
    edit
        How an image is changed. "noise": image-to-image, with a masked latent for a region. "fill":
        a model trained for inpainting. "latents": a ReferenceLatent for each image. "nodes":
        `encoder` or `references` take the images.
    encoder
        What encodes the text where there are images, or always if it gives both conditions.
    references
        What adds images to both conditions.
    method
        How reference latents are placed, for FluxKontextMultiReferenceLatentMethod; "": as the
        model does by itself.
    max_images
        How many images the graph shows, where these are fewer than the family reads.
    steps, cfg, sampler, scheduler
        Used where the user gives none. `sampler`: a name, or the node that makes the sampler.
    image_cfg
        Guidance towards the images, by DualCFGGuider; None: the text's guidance is the only one.
    basic_guider
        There is no negative condition at all.
    guidance
        Guidance scale that the model gets as an input, apart from the sampler's cfg; None: the
        model has no such input.
    shift
        Of the noise schedule; None: the model's own.
    clip_patches, patches
        What the text encoder and the model go through, in this order, after the shift.
    latent
        Class of the node that makes an empty latent.
    sigmas
        Node that makes the noise schedule; None: KSampler's schedulers do.
    config
        Entries of the model's `unet_config` that must be true or false.
    file
        Pattern found in the file name of published weights, for models that ComfyUI cannot tell
        apart. The name is in lower case there, with "-" for "_" and " ".
    core
        First version of ComfyUI that has the recipe's nodes, as far as it is known.
    templates
        Names of ComfyUI's own example graphs of the family.
    differs
        What is otherwise there, and why: a node that only the template has, "+" and a node that
        only the recipe's graph has, or "node.input". "size": the size that is painted.
    """

    name: str
    models: tuple[str, ...]
    family: Family
    edit: Literal["noise", "fill", "latents", "nodes"]
    encoder: Node = TEXT
    references: Node | None = None
    method: str = ""
    max_images: int | None = None
    steps: int = 20
    cfg: float = 1.0
    sampler: str | Node = "euler"
    scheduler: str = "simple"
    image_cfg: float | None = None
    basic_guider: bool = False
    guidance: float | None = None
    shift: float | None = None
    clip_patches: tuple[Node, ...] = ()
    patches: tuple[Node, ...] = ()
    latent: str = "EmptyLatentImage"
    sigmas: Node | None = None
    config: dict[str, bool] = field(default_factory=dict)
    file: str = ""
    core: str = ""
    templates: tuple[str, ...] = ()
    differs: dict[str, str] = field(default_factory=dict)

    @property
    def node_types(self) -> set[str]:
        """Classes of the nodes that the recipe itself names."""
        nodes = [self.encoder, self.references, self.sigmas, *self.clip_patches, *self.patches]
        nodes += [self.sampler] if isinstance(self.sampler, Node) else []
        method = {"FluxKontextMultiReferenceLatentMethod"} if self.method else set()
        return {node.type for node in nodes if node is not None} | {self.latent} | method
