"""Stand-in for `comfy_api.latest.io`: schemas, sockets, hidden inputs and node outputs."""

from __future__ import annotations

import enum
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, ClassVar

from comfy_execution.graph import DynamicPrompt

Options = dict[str, Any]


class Input:
    """A socket of a node; `extra_dict` holds further options for the browser."""

    io_type: ClassVar[str] = ""

    def __init__(
        self,
        id: str,
        display_name: str | None = None,
        optional: bool = False,
        tooltip: str | None = None,
        lazy: bool | None = None,
        extra_dict: Options | None = None,
        raw_link: bool | None = None,
    ) -> None:
        self.id = id
        self.display_name = display_name
        self.optional = optional
        self.tooltip = tooltip
        self.lazy = lazy
        self.extra_dict: Options = {} if extra_dict is None else extra_dict
        self.raw_link = raw_link


class WidgetInput(Input):
    """An input with a widget; `default` is the value of a new node."""

    def __init__(
        self,
        id: str,
        display_name: str | None = None,
        optional: bool = False,
        tooltip: str | None = None,
        default: Any = None,
        extra_dict: Options | None = None,
        force_input: bool | None = None,
    ) -> None:
        super().__init__(id, display_name, optional, tooltip, None, extra_dict)
        self.default = default
        self.force_input = force_input


class Output:
    """An output of a node."""

    io_type: ClassVar[str] = ""

    def __init__(
        self,
        id: str | None = None,
        display_name: str | None = None,
        tooltip: str | None = None,
        is_output_list: bool = False,
    ) -> None:
        self.id = id
        self.display_name = display_name or id
        self.tooltip = tooltip
        self.is_output_list = is_output_list


# The inner classes below have the same names.
_Input = Input
_Output = Output
_WidgetInput = WidgetInput


class ComfyTypeIO:
    """A type of sockets."""

    io_type: ClassVar[str] = ""

    class Input(_Input):
        """An input of the type."""

    class Output(_Output):
        """An output of the type."""


def Custom(io_type: str) -> type[ComfyTypeIO]:  # noqa: N802 - ComfyUI's name
    """A socket type of a pack's own."""

    class CustomType(ComfyTypeIO):
        class Input(_Input):
            pass

        class Output(_Output):
            pass

    CustomType.io_type = CustomType.Input.io_type = CustomType.Output.io_type = io_type
    return CustomType


AnyType = Custom("*")
Clip = Custom("CLIP")
Conditioning = Custom("CONDITIONING")
Image = Custom("IMAGE")
Latent = Custom("LATENT")
Mask = Custom("MASK")
Model = Custom("MODEL")
Vae = Custom("VAE")


class Boolean:
    """A switch."""

    class Input(_WidgetInput):
        """A switch."""

        io_type = "BOOLEAN"

    class Output(_Output):
        """True or False."""

        io_type = "BOOLEAN"


class Int:
    """A whole number."""

    class Input(_WidgetInput):
        """A field for a whole number."""

        io_type = "INT"

        def __init__(
            self,
            id: str,
            display_name: str | None = None,
            optional: bool = False,
            tooltip: str | None = None,
            default: int | None = None,
            min: int | None = None,
            max: int | None = None,
            step: int | None = None,
            control_after_generate: bool | None = None,
            extra_dict: Options | None = None,
        ) -> None:
            super().__init__(id, display_name, optional, tooltip, default, extra_dict)
            self.min, self.max, self.step = min, max, step
            self.control_after_generate = control_after_generate

    class Output(_Output):
        """A whole number."""

        io_type = "INT"


class Float:
    """A number."""

    class Input(_WidgetInput):
        """A field for a number."""

        io_type = "FLOAT"

        def __init__(
            self,
            id: str,
            display_name: str | None = None,
            optional: bool = False,
            tooltip: str | None = None,
            default: float | None = None,
            min: float | None = None,
            max: float | None = None,
            step: float | None = None,
            round: float | None = None,
            extra_dict: Options | None = None,
        ) -> None:
            super().__init__(id, display_name, optional, tooltip, default, extra_dict)
            self.min, self.max, self.step, self.round = min, max, step, round

    class Output(_Output):
        """A number."""

        io_type = "FLOAT"


class String:
    """Text."""

    class Input(_WidgetInput):
        """A field for text."""

        io_type = "STRING"

        def __init__(
            self,
            id: str,
            display_name: str | None = None,
            optional: bool = False,
            tooltip: str | None = None,
            multiline: bool = False,
            placeholder: str | None = None,
            default: str | None = None,
            dynamic_prompts: bool | None = None,
            extra_dict: Options | None = None,
        ) -> None:
            super().__init__(id, display_name, optional, tooltip, default, extra_dict)
            self.multiline = multiline
            self.placeholder = placeholder
            self.dynamic_prompts = dynamic_prompts

    class Output(_Output):
        """Text."""

        io_type = "STRING"


class Combo:
    """One of several values."""

    class Input(_WidgetInput):
        """A list to choose from."""

        io_type = "COMBO"

        def __init__(
            self,
            id: str,
            options: Sequence[str] | None = None,
            display_name: str | None = None,
            optional: bool = False,
            tooltip: str | None = None,
            default: str | None = None,
            control_after_generate: bool | None = None,
            extra_dict: Options | None = None,
        ) -> None:
            super().__init__(id, display_name, optional, tooltip, default, extra_dict)
            self.options = options
            self.control_after_generate = control_after_generate

    class Output(_Output):
        """One of the values."""

        io_type = "COMBO"


class Hidden(enum.Enum):
    """Inputs that ComfyUI itself fills in."""

    unique_id = "UNIQUE_ID"
    prompt = "PROMPT"
    extra_pnginfo = "EXTRA_PNGINFO"
    dynprompt = "DYNPROMPT"


@dataclass
class HiddenHolder:
    """The hidden inputs of the node that runs."""

    unique_id: str
    prompt: Any
    extra_pnginfo: Any
    dynprompt: DynamicPrompt


@dataclass
class Schema:
    """What a node is called, takes and gives."""

    node_id: str
    display_name: str | None = None
    category: str = "sd"
    inputs: list[Input] = field(default_factory=list)
    outputs: list[Output] = field(default_factory=list)
    hidden: list[Hidden] = field(default_factory=list)
    description: str = ""
    is_input_list: bool = False
    is_output_node: bool = False
    is_deprecated: bool = False
    is_experimental: bool = False
    is_api_node: bool = False
    not_idempotent: bool = False
    enable_expand: bool = False

    def validate(self) -> None:
        """ValueError if two inputs or outputs have the same id."""
        parts: list[Input | Output] = [*self.inputs, *self.outputs]
        ids = Counter(part.id for part in parts)
        if twice := [i for i, count in ids.items() if count > 1]:
            raise ValueError(f"{self.node_id} has more than one input or output called {twice}")


class NodeOutput:
    """What `execute` returns: the outputs, or nodes to run instead and links into them."""

    def __init__(
        self,
        *args: Any,
        ui: Any = None,
        expand: Mapping[str, Any] | None = None,
        block_execution: str | None = None,
    ) -> None:
        self.args = args
        self.ui = ui
        self.expand = expand
        self.block_execution = block_execution

    @property
    def result(self) -> tuple[Any, ...] | None:
        """The outputs; None if there are none."""
        return self.args or None


class ComfyNode:
    """The base class of nodes; ComfyUI sets `hidden` on a copy of the class for each run."""

    hidden: ClassVar[HiddenHolder]

    @classmethod
    def define_schema(cls) -> Schema:
        """The node's schema."""
        raise NotImplementedError

    @classmethod
    def execute(cls, *args: Any, **kwargs: Any) -> NodeOutput:
        """The node's work."""
        raise NotImplementedError

    @classmethod
    def GET_SCHEMA(cls) -> Schema:  # noqa: N802 - ComfyUI's name
        """The schema, validated."""
        schema = cls.define_schema()
        schema.validate()
        return schema
