"""Any language model in a local transformers folder, with or without eyes, as the MLLM."""

from __future__ import annotations

import inspect
import os
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

import torch
from torch.overrides import TorchFunctionMode

from ...device import accelerator
from ...records.hooks import GREEDY, NO_HOOKS, Hooks, Sampling, Stopped
from ..chat_model import Capabilities
from ..messages import StreamedReply, to_messages
from .prefix_cache import Known, Prefix, cache_name, can_read_on, read_on
from .processor import load_processor

if TYPE_CHECKING:
    from PIL.Image import Image

    from ...records.conversation import Conversation

Bits = Literal[4, 8]
MAX_NEW_TOKENS = 512
_OF_TEXT = frozenset("input_ids attention_mask token_type_ids mm_token_type_ids".split())


def load(
    folder: str | os.PathLike[str],
    *,
    device: Any = None,
    dtype: torch.dtype | None = None,
    bits: Bits | None = None,
    attention: str = "sdpa",
    hooks: Hooks = NO_HOOKS,
) -> LocalMLLM:
    """The model in `folder`; nothing is downloaded and no code of the folder is run.

    device None: the accelerator if there is one. dtype None: float32 on the CPU, else bfloat16.
    bits: 4 or 8 with bitsandbytes; such a model stays on its device. attention: "sdpa", "eager", or
    one that is installed, such as "flash_attention_2". hooks: should_stop is polled many times per
    tensor. Raises Stopped, FileNotFoundError if there is no such folder,
    ValueError if what is in it cannot be used, saying why.
    """
    import transformers

    folder = Path(folder)
    if not (folder / "config.json").is_file():
        raise FileNotFoundError(f"{folder} is no model folder: config.json is missing")
    try:
        config = transformers.AutoConfig.from_pretrained(folder, local_files_only=True)
    except ValueError as error:
        raise ValueError(
            f"transformers {transformers.__version__} cannot read the model in {folder}: "
            f"{str(error).splitlines()[0]}; update transformers, or serve it as an endpoint"
        ) from error
    device = torch.device(device or accelerator())
    options: dict[str, Any] = {
        "config": config,
        "dtype": dtype or (torch.float32 if device.type == "cpu" else torch.bfloat16),
        "attn_implementation": attention,
        "local_files_only": True,
    }
    if bits is not None:
        options |= {"quantization_config": _quantization(bits), "device_map": {"": device}}
    sees = _sees(config)
    family = transformers.AutoModelForImageTextToText if sees else transformers.AutoModelForCausalLM
    try:
        with InterruptibleLoad(hooks):
            model = family.from_pretrained(folder, **options).eval()
            model = model if bits else model.to(device)
    except ImportError as error:
        raise ValueError(
            f"attention {attention!r} cannot be used here: {str(error).splitlines()[0]} "
            "Use attention='sdpa'"
        ) from error
    return LocalMLLM(model, load_processor(folder, config), folder.name, sees=sees)


class InterruptibleLoad(TorchFunctionMode):
    """Polls `should_stop` at every torch call: transformers has no hook to stop loading.

    The exception may surface inside code that restores torch's global state or rewraps exceptions;
    `__exit__` therefore restores grad mode and default dtype and raises again.
    """

    def __init__(self, hooks: Hooks) -> None:
        super().__init__()
        self._hooks, self._stopped = hooks, False
        self._settings = torch.is_grad_enabled(), torch.get_default_dtype()

    def __torch_function__(
        self, func: Any, types: Any, args: Any = (), kwargs: dict[str, Any] | None = None
    ) -> Any:
        if not self._stopped:  # code that cleans up afterwards must run
            self._poll()
        return func(*args, **(kwargs or {}))

    def __exit__(self, *error: Any) -> None:
        super().__exit__(*error)
        grad, dtype = self._settings
        torch.set_grad_enabled(grad)
        torch.set_default_dtype(dtype)
        if self._stopped:
            raise Stopped("stopped on request")

    def _poll(self) -> None:
        try:
            self._hooks.check_stop()
        except Stopped:
            self._stopped = True
            raise


class LocalMLLM:
    """Implements `ChatModel` with a transformers model.

    processor: the model's processor, or for one without eyes its tokenizer. Keeps the KV cache of
    the newest conversation: its next turn costs only what is new; for models other than Qwen's,
    LLaVA, InternVL and SmolVLM, as long as no new picture is in it. `forget()` frees it. `chat`
    hears Stop at every token.
    """

    def __init__(self, model: Any, processor: Any, name: str, *, sees: bool) -> None:
        self.model, self.processor, self.name = model, processor, name
        self.capabilities = Capabilities(max_images=None if sees else 0)
        self.tokenizer = getattr(processor, "tokenizer", processor)
        if getattr(processor, "chat_template", None) is None:
            processor.chat_template = self.tokenizer.chat_template
        if processor.chat_template is None:
            raise ValueError(f"{name} has no chat template; take the 'instruct' or 'chat' model")
        self.forget()

    def forget(self) -> None:
        """Free the KV cache."""
        self._prefix = Prefix(_picture_token(self.model.config))

    def chat(
        self,
        conversation: Conversation,
        *,
        schema: dict[str, Any] | None = None,
        sampling: Sampling = GREEDY,
        hooks: Hooks = NO_HOOKS,
    ) -> str:
        """See `ChatModel.chat`. The schema is not enforced: ask for its fields in words."""
        hooks.check_stop()
        temperature = sampling.temperature or 0.0
        inputs, pictures = self._inputs(conversation)
        room = self._room(inputs["input_ids"].shape[1])
        listener = _Listener(self.tokenizer, inputs["input_ids"].shape[1], hooks)
        known = self._prefix.known(inputs["input_ids"][0].tolist(), pictures, self._pieces)
        options: dict[str, Any] = {"do_sample": temperature > 0}
        if temperature > 0:
            top_p = 1.0 if sampling.top_p is None else sampling.top_p
            options |= {"temperature": temperature, "top_p": top_p}
        with torch.inference_mode(), _seeded(sampling.seed, self.model.device):
            if known is not None:
                self._continue(inputs, known, pictures)
            done = self.model.generate(
                **inputs,
                **options,
                max_new_tokens=min(sampling.max_new_tokens or MAX_NEW_TOKENS, room),
                stopping_criteria=[listener],
                return_dict_in_generate=True,
            )
        self._prefix.keep(done, pictures)
        if listener.stopped:
            raise Stopped("stopped on request")
        return listener.finish(done.sequences[0])

    def _continue(self, inputs: dict[str, Any], known: Known, pictures: list[Image]) -> None:
        """Have `generate` go on from what is known, where the model can."""
        new = pictures[known.images :]
        if can_read_on(self.model):
            read_on(self.model, inputs, known, self._pixels(new) if new else {})
        elif new:
            return
        inputs[cache_name(self.model)] = known.cache
        inputs.pop("pixel_values", None)  # they are in the cache

    def _pixels(self, pictures: list[Image]) -> dict[str, Any]:
        """`pictures` alone as the network takes them."""
        found = self._alone(pictures)
        return {name: value for name, value in found.items() if name not in _OF_TEXT}

    def _pieces(self, picture: Image) -> int:
        """Into how many the processor cuts a picture."""
        return len(list(self._prefix.places(self._alone([picture])["input_ids"][0].tolist())))

    def _alone(self, pictures: list[Image]) -> dict[str, Any]:
        message = {"role": "user", "content": [{"type": "image"}] * len(pictures)}
        return self._processed([message], pictures)

    def _inputs(self, conversation: Conversation) -> tuple[dict[str, Any], list[Image]]:
        """What the network takes, on its device, and the pictures that are in it."""
        messages, pictures = [], []
        for message in to_messages(conversation, max_images=self.capabilities.max_images):
            content: Any = message.text
            if self.capabilities.sees:
                shown = [p for p in message.parts if not isinstance(p, str)]
                pictures += shown
                content = [
                    {"type": "text", "text": p} if isinstance(p, str) else {"type": "image"}
                    for p in message.parts
                ]
            messages.append({"role": message.role, "content": content})
        return self._processed(messages, pictures), pictures

    def _processed(self, messages: list[dict[str, Any]], pictures: list[Image]) -> dict[str, Any]:
        text = self.tokenizer.apply_chat_template(
            messages,
            chat_template=self.processor.chat_template,
            add_generation_prompt=True,
            tokenize=False,
            enable_thinking=False,
        )
        options: dict[str, Any] = {"return_tensors": "pt"}
        if self.tokenizer.bos_token and text.startswith(self.tokenizer.bos_token):
            options["add_special_tokens"] = False  # the template has written it
        if pictures:
            options["images"] = pictures
        inputs = self.processor(text=[text], **options)
        if "token_type_ids" not in inspect.signature(self.model.forward).parameters:
            inputs.pop("token_type_ids", None)  # some tokenizers write them for every model
        device, dtype = self.model.device, self.model.dtype
        kept = inputs if self.capabilities.sees else ("input_ids", "attention_mask")
        return {
            name: inputs[name].to(device, dtype if inputs[name].is_floating_point() else None)
            for name in kept
        }

    def _room(self, length: int) -> int:
        """Tokens left for the reply; ValueError if there are none."""
        most = getattr(self.model.config.get_text_config(), "max_position_embeddings", 1 << 20)
        if length >= most:
            raise ValueError(
                f"the conversation takes {length} tokens; {self.name} reads at most {most - 1}. "
                "Shorten the text, or start a new conversation"
            )
        return most - length


class _Listener:
    """Called by `generate` after every token: says the new words aloud, and hears Stop."""

    def __init__(self, tokenizer: Any, start: int, hooks: Hooks) -> None:
        self._tokenizer, self._should_stop = tokenizer, hooks.should_stop
        self._speech = StreamedReply(hooks.on_text)
        self._from = self._said = start
        self.stopped = False

    def __call__(self, ids: torch.Tensor, scores: Any, **_: Any) -> torch.Tensor:
        self._hear(ids[0])
        self.stopped = self._should_stop is not None and self._should_stop()
        return torch.full((len(ids),), self.stopped, device=ids.device)

    def finish(self, ids: torch.Tensor) -> str:
        """The whole reply, once `ids` are complete."""
        self._hear(ids, last=True)
        return self._speech.text

    def _hear(self, ids: torch.Tensor, last: bool = False) -> None:
        # The tokens said before are decoded again with the new ones: a decoder drops the space in
        # front of the first word. Half a sign waits for its other half.
        before = self._words(ids[self._from : self._said])
        now = self._words(ids[self._from :])
        if len(now) > len(before) and (last or not now.endswith("\ufffd")):
            self._speech.add(now[len(before) :])
            self._from, self._said = self._said, len(ids)

    def _words(self, ids: torch.Tensor) -> str:
        return self._tokenizer.decode(ids, skip_special_tokens=True)


class _seeded:
    """Sampling from `seed` on; the caller's random state comes back afterwards."""

    def __init__(self, seed: int, device: torch.device) -> None:
        self._seed = seed % 2**63
        self._fork = torch.random.fork_rng([device] if device.type == "cuda" else [])

    def __enter__(self) -> None:
        self._fork.__enter__()
        torch.manual_seed(self._seed)

    def __exit__(self, *error: Any) -> None:
        self._fork.__exit__(*error)


def _sees(config: Any) -> bool:
    from transformers.models.auto.modeling_auto import MODEL_FOR_IMAGE_TEXT_TO_TEXT_MAPPING

    return type(config) in MODEL_FOR_IMAGE_TEXT_TO_TEXT_MAPPING


def _picture_token(config: Any) -> int | None:
    names = ("image_token_id", "image_token_index")
    return next((v for n in names if (v := getattr(config, n, None)) is not None), None)


def _quantization(bits: int) -> Any:
    from transformers import BitsAndBytesConfig

    if bits not in (4, 8):
        raise ValueError(f"bits is {bits!r}; give 4, 8 or None")
    for package in ("bitsandbytes", "accelerate"):
        if find_spec(package) is None:
            raise ValueError(f"{bits} bits need the package {package}; install it, or leave bits")
    if bits == 8:
        return BitsAndBytesConfig(load_in_8bit=True)
    return BitsAndBytesConfig(
        load_in_4bit=True, bnb_4bit_quant_type="nf4", bnb_4bit_compute_dtype=torch.bfloat16
    )
