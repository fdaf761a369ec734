"""What understands and what draws: WeGen's own network, other MLLMs, and both put together."""

from __future__ import annotations

from comfy_api.latest import io

from ..wegen_core.planning.references import MOST
from .backend import model_folders
from .backend.memory import Home, Resident, ResidentModel, decoding, reading, stoppable
from .backend.schema import CATEGORY, MLLM, Copilot, Painter, advanced

PRECISIONS = ["auto", "float32", "bfloat16", "float16"]
BITS = {"off": None, "8 bit": 8, "4 bit": 4}
ATTENTIONS = ["sdpa", "flash_attention_2", "eager"]


class WeGenLoadModel(io.ComfyNode):
    @classmethod
    def define_schema(cls) -> io.Schema:
        return io.Schema(
            node_id="WeGenLoadModel",
            display_name="WeGen Model Loader",
            category=CATEGORY,
            description="Loads a WeGen copilot: the small built-in one, or a folder of yours.",
            inputs=[
                io.Combo.Input(
                    "model",
                    options=model_folders.names(),
                    default=model_folders.MINI,
                    tooltip="'mini' is built in: it draws simple scenes of 64x64 pixels. Others "
                    "are folders in models/wegen: the official checkpoint, or a converted one.",
                ),
                advanced(
                    io.Combo.Input(
                        "precision",
                        options=PRECISIONS,
                        default="auto",
                        tooltip="Number format of the weights. 'auto' takes what the device does "
                        "best, and float32 for mini.",
                    )
                ),
            ],
            outputs=[
                Copilot.Output(
                    "loaded", display_name="copilot", tooltip="Connect it to the other WeGen nodes."
                ),
                Painter.Output(
                    "painter",
                    display_name="painter",
                    tooltip="The part that draws, for WeGen Copilot with another MLLM.",
                ),
                MLLM.Output(
                    "mllm",
                    display_name="mllm",
                    tooltip="The part that understands, for WeGen Copilot with another painter.",
                ),
            ],
        )

    @classmethod
    def validate_inputs(cls, model: str) -> bool | str:
        try:
            model_folders.locate(model)
        except ValueError as error:
            return str(error)
        return True

    @classmethod
    def fingerprint_inputs(cls, model: str, precision: str) -> str:
        return model_folders.fingerprint(model)

    @classmethod
    def execute(cls, model: str, precision: str) -> io.NodeOutput:
        return io.NodeOutput(*_native(model, precision))


class WeGenLoadMLLM(io.ComfyNode):
    @classmethod
    def define_schema(cls) -> io.Schema:
        return io.Schema(
            node_id="WeGenLoadMLLM",
            display_name="WeGen MLLM Loader",
            category=CATEGORY,
            description="Loads a vision-language model of yours (Qwen2.5-VL, Qwen3-VL, Gemma 3, "
            "...), or one that reads text only, to plan for WeGen Copilot.",
            inputs=[
                io.Combo.Input(
                    "model",
                    options=model_folders.mllm_names(),
                    tooltip="Folders as they are published, in models/LLM, models/text_encoders "
                    "or models/wegen.",
                ),
                advanced(
                    io.Combo.Input(
                        "precision",
                        options=PRECISIONS,
                        default="auto",
                        tooltip="Number format of the weights. 'auto' takes what the device does "
                        "best.",
                    )
                ),
                advanced(
                    io.Combo.Input(
                        "quantisation",
                        options=list(BITS),
                        default="off",
                        tooltip="Needs the packages bitsandbytes and accelerate. Such a model "
                        "stays on its device until the node lets go of it.",
                    )
                ),
                advanced(
                    io.Combo.Input(
                        "attention",
                        options=ATTENTIONS,
                        default="sdpa",
                        tooltip="flash_attention_2 needs the package flash-attn and an NVIDIA GPU.",
                    )
                ),
                advanced(
                    io.String.Input(
                        "repository",
                        default="",
                        tooltip="Instead of a folder: a name on the Hugging Face hub, such as "
                        "Qwen/Qwen3-VL-4B-Instruct. It is downloaded into models/LLM once, and "
                        "only if ComfyUI was started with the environment variable "
                        "WEGEN_DOWNLOAD=1.",
                    )
                ),
            ],
            outputs=[
                MLLM.Output("mllm", display_name="mllm", tooltip="Connect it to WeGen Copilot.")
            ],
        )

    @classmethod
    def validate_inputs(cls, model: str, repository: str = "") -> bool | str:
        try:
            if not repository.strip():
                model_folders.locate_mllm(model)
        except ValueError as error:
            return str(error)
        return True

    @classmethod
    def fingerprint_inputs(cls, model: str, repository: str = "", **_) -> str:
        return model_folders.fingerprint(model) + repository

    @classmethod
    def execute(
        cls,
        model: str,
        precision: str,
        quantisation: str = "off",
        attention: str = "sdpa",
        repository: str = "",
    ) -> io.NodeOutput:
        from ..wegen_core.mllm.local.model import load

        place = _downloaded(repository) or model_folders.locate_mllm(model)
        dtype, bits = _dtype(precision, small=False), BITS[quantisation]
        device = "cpu"
        if bits is not None:
            device = _emptied(model_folders.weight_of(place) * bits // 16)
        with stoppable() as callbacks:
            stop = callbacks["should_stop"]
            options = {"attention": attention, "bits": bits, "should_stop": stop}
            mllm = _loaded(load, place, dtype, device, **options)
        homes = []
        if bits is None:  # the memory manager cannot move the others
            homes = [Home(mllm.model, mllm.forget, reading(mllm.model))]
        return io.NodeOutput(ResidentModel(mllm, homes))


class WeGenMLLMEndpoint(io.ComfyNode):
    @classmethod
    def define_schema(cls) -> io.Schema:
        return io.Schema(
            node_id="WeGenMLLMEndpoint",
            display_name="WeGen MLLM Endpoint",
            category=CATEGORY,
            description="A model behind an OpenAI-compatible address (Ollama, LM Studio, vLLM, "
            "SGLang, llama.cpp, ...), to plan for WeGen Copilot.",
            inputs=[
                io.String.Input(
                    "url",
                    default="http://localhost:11434/v1",
                    tooltip="The server's address; it mostly ends in /v1. Your words and pictures "
                    "are sent there. A key comes from the environment variable WEGEN_API_KEYS "
                    "('host=key'), never from a workflow.",
                ),
                io.String.Input(
                    "model", default="qwen2.5vl", tooltip="The name the server knows it by."
                ),
                advanced(
                    io.Int.Input(
                        "pictures",
                        display_name="pictures at once",
                        default=MOST,
                        min=0,
                        max=100,
                        tooltip="How many of the newest pictures are sent. 0 for a model that "
                        "reads text only; 1 where the server takes only one.",
                    )
                ),
                advanced(
                    io.Int.Input(
                        "timeout",
                        default=300,
                        min=1,
                        max=3600,
                        tooltip="Seconds of silence to wait for; the first reply may have to "
                        "wait for the model to load.",
                    )
                ),
            ],
            outputs=[
                MLLM.Output("mllm", display_name="mllm", tooltip="Connect it to WeGen Copilot.")
            ],
        )

    @classmethod
    def execute(cls, url: str, model: str, pictures: int, timeout: int) -> io.NodeOutput:
        from ..wegen_core.mllm.endpoint.client import EndpointMLLM

        mllm = EndpointMLLM(url, model, pictures=pictures, timeout=timeout)
        return io.NodeOutput(ResidentModel(mllm))


class WeGenCopilot(io.ComfyNode):
    @classmethod
    def define_schema(cls) -> io.Schema:
        return io.Schema(
            node_id="WeGenCopilot",
            display_name="WeGen Copilot",
            category=CATEGORY,
            description="A copilot out of a model that understands and one that draws.",
            inputs=[
                MLLM.Input("mllm", tooltip="From WeGen MLLM Loader, Endpoint or from CLIP."),
                io.Combo.Input(
                    "check",
                    options=["off", "report", "repaint"],
                    default="off",
                    tooltip="'report': the MLLM looks at every picture and answers, one by one, "
                    "whether it has what you asked for. 'repaint': it also tries once more.",
                ),
                Painter.Input(
                    "painter",
                    optional=True,
                    tooltip="From WeGen Painter or WeGen Model Loader. Without one, the small "
                    "built-in network draws, at 64x64 pixels; rewriting and questions need none.",
                ),
            ],
            outputs=[
                Copilot.Output(
                    "joined", display_name="copilot", tooltip="Connect it to the other WeGen nodes."
                )
            ],
        )

    @classmethod
    def execute(
        cls, mllm: ResidentModel, check: str, painter: ResidentModel | None = None
    ) -> io.NodeOutput:
        from ..wegen_core import Copilot as Both

        if painter is None:
            painter = _native(model_folders.MINI, "auto")[1]
        return io.NodeOutput(
            Resident(Both(mllm.model, painter.model, check=check), [*mllm.homes, *painter.homes])
        )


def _native(model: str, precision: str) -> tuple[Resident, ResidentModel, ResidentModel]:
    """The copilot of a WeGen network, its painter and its MLLM by themselves."""
    from ..wegen_core import load

    place = model_folders.locate(model)
    dtype = _dtype(precision, small=model == model_folders.MINI)
    with stoppable() as callbacks:
        copilot = _loaded(load, place, dtype, should_stop=callbacks["should_stop"])
    homes = [Home(copilot.net, copilot.mllm.forget, decoding(copilot.net))]
    halves = (ResidentModel(part, homes) for part in (copilot.painter, copilot.mllm))
    return Resident(copilot, homes), *halves


def _loaded(load, place: str, dtype, device="cpu", **options):
    import torch

    with torch.inference_mode(False):  # nodes run inside it; its tensors cannot be altered
        return load(place, device=device, dtype=dtype, **options)


def _downloaded(repository: str) -> str:
    """The folder of the model of that name on the hub; "" for no name."""
    if not repository.strip():
        return ""
    from ..wegen_core.mllm.local.download import ensure

    with stoppable() as callbacks:
        stop = callbacks["should_stop"]
        return str(ensure(repository.strip(), model_folders.downloads(), should_stop=stop))


def _emptied(needed: int):
    """The device, with that many bytes free for a model that the memory manager cannot move."""
    import comfy.model_management as memory

    device = memory.get_torch_device()
    memory.free_memory(needed + memory.minimum_inference_memory(), device)
    return device


def _dtype(precision: str, small: bool):
    import comfy.model_management as memory
    import torch

    if precision != "auto":
        return getattr(torch, precision)
    device = memory.get_torch_device()
    if small or memory.is_device_cpu(device):
        return torch.float32
    return torch.bfloat16 if memory.should_use_bf16(device) else torch.float16
