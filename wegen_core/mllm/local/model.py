"""Loading a transformers language model, with or without vision, and chatting with it."""

from __future__ import annotations

import inspect
import os
from collections.abc import Iterator
from contextlib import contextmanager
from importlib.util import find_spec
from pathlib import Path
from pickle import UnpicklingError
from typing import TYPE_CHECKING, Any, Literal

import torch
from torch.overrides import TorchFunctionMode

from ...device import usable_device
from ...records.hooks import GREEDY, NO_HOOKS, Hooks, Sampling, ShouldStop, Stopped
from ..chat_model import Capabilities, EmptyReplyError
from ..messages import to_messages
from ..reply import StreamedReply, is_mark, opens_thought
from .download import hub_name, hub_snapshot
from .folder_check import check_folder, check_json_files
from .prefix_cache import (
    CachedPrefix,
    PrefixCache,
    cache_argument,
    prefill_images,
    supports_image_prefill,
)
from .processor import OFFLINE, load_processor, own_code_refused

if TYPE_CHECKING:
    from PIL.Image import Image

    from ...records.conversation import Conversation

Bits = Literal[4, 8]
MAX_NEW_TOKENS = 512
TOP_TOKENS = 20
PROMPT_END = 16
"""How many tokens a mark that opens a thought takes at most, with the line breaks after it."""

_TEXT_INPUTS = frozenset("input_ids attention_mask token_type_ids mm_token_type_ids".split())


def load(
    folder: str | os.PathLike[str],
    *,
    device: Any = None,
    dtype: torch.dtype | None = None,
    bits: Bits | None = None,
    attention: str = "sdpa",
    hooks: Hooks = NO_HOOKS,
) -> LocalMLLM:
    """Load a model; nothing is downloaded, and no code of the folder is run.

    Parameters
    ----------
    folder
        A transformers folder, as it is published.
    device
        None: the accelerator if there is one.
    dtype
        None: float32 on the CPU, else bfloat16.
    bits
        Quantise to 4 or 8 bits with bitsandbytes; such a model stays on its device.
    attention
        "sdpa", "eager", or one that is installed, such as "flash_attention_2".
    hooks
        should_stop is polled many times per tensor.

    Raises
    ------
    FileNotFoundError
        There is no model folder of that name.
    ValueError
        The model cannot be loaded in this way; the text says why.
    Stopped
        `hooks.should_stop` returned True.
    """
    import transformers

    name, folder = hub_name(Path(folder)), hub_snapshot(Path(folder))
    if not (folder / "config.json").is_file():
        raise FileNotFoundError(f"{folder} is not a model folder: config.json is missing")
    check_json_files(folder)
    try:
        config = transformers.AutoConfig.from_pretrained(folder, **OFFLINE)
    except ValueError as error:
        raise ValueError(
            f"transformers {transformers.__version__} cannot read the model in {folder}: "
            f"{str(error).splitlines()[0]}; update transformers, or serve it as an endpoint"
        ) from error
    sees = _has_vision(config)
    check_folder(folder, sees=sees)
    device = usable_device(device)
    options: dict[str, Any] = {
        "config": config,
        "dtype": dtype or (torch.float32 if device.type == "cpu" else torch.bfloat16),
        "attn_implementation": attention,
        **OFFLINE,
    }
    if bits is not None:
        options |= {"quantization_config": _quantization(bits), "device_map": {"": device}}
    family = transformers.AutoModelForImageTextToText if sees else transformers.AutoModelForCausalLM
    try:
        with own_code_refused(folder), InterruptibleLoad(hooks):
            model, info = family.from_pretrained(folder, output_loading_info=True, **options)
            model = model.eval() if bits else model.eval().to(device)
    except torch.OutOfMemoryError:
        raise
    except (ImportError, OSError, RuntimeError, KeyError, UnpicklingError) as error:
        raise ValueError(_why_not_loaded(error, folder, config, attention)) from error
    if bits is None and 2 * len(info["missing_keys"]) > len(model.state_dict()):
        stored = ", ".join(sorted(info["unexpected_keys"])[:3]) or "nothing else"
        raise ValueError(
            f"the weights in {folder} are not those of a {config.model_type} model: "
            f"{len(info['missing_keys'])} are missing, such as {min(info['missing_keys'])}; stored "
            f"are {stored}. Of a training checkpoint, save the part with the weights alone"
        )
    with own_code_refused(folder):
        processor = load_processor(folder, config)
    return LocalMLLM(model, processor, name, sees=sees)


class InterruptibleLoad(TorchFunctionMode):
    """Polls `should_stop` at every torch call: transformers has no hook to stop loading.

    The exception may surface inside code that restores torch's global state or rewraps exceptions;
    `__exit__` therefore restores grad mode and default dtype and raises `Stopped` again.
    """

    def __init__(self, hooks: Hooks) -> None:
        super().__init__()
        self._hooks, self._stopped = hooks, False
        self._settings = torch.is_grad_enabled(), torch.get_default_dtype()

    def __torch_function__(
        self, func: Any, types: Any, args: Any = (), kwargs: dict[str, Any] | None = None
    ) -> Any:
        if not self._stopped:  # the code that cleans up after the exception must run
            try:
                self._hooks.check_stop()
            except Stopped:
                self._stopped = True
                raise
        return func(*args, **(kwargs or {}))

    def __exit__(self, *error: Any) -> None:
        super().__exit__(*error)
        grad_enabled, dtype = self._settings
        torch.set_grad_enabled(grad_enabled)
        torch.set_default_dtype(dtype)
        if self._stopped:
            raise Stopped("stopped on request")


class LocalMLLM:
    """Implements `ChatModel` with a transformers model.

    The KV cache of the newest conversation is kept, so that its next turn costs only what is new.
    With a new image in that turn, only Qwen's models, LLaVA, InternVL and SmolVLM reuse the cache.
    Stopping takes effect at the next token.

    Parameters
    ----------
    model
        A transformers model that generates.
    processor
        The model's processor; for a model without vision its tokenizer.
    name
        What errors and records call the model.
    sees
        Whether the model takes images.

    Raises
    ------
    ValueError
        The processor has no chat template.
    """

    def __init__(self, model: Any, processor: Any, name: str, *, sees: bool) -> None:
        self.model, self.processor, self.name = model, processor, name
        self.capabilities = Capabilities(max_images=None if sees else 0)
        # A tokenizer has no tokenizer of its own, and some processors have no chat template.
        self.tokenizer = getattr(processor, "tokenizer", processor)
        if getattr(processor, "chat_template", None) is None:
            processor.chat_template = self.tokenizer.chat_template
        if processor.chat_template is None:
            raise ValueError(f"{name} has no chat template; take the 'instruct' or 'chat' model")
        self.forget()

    def forget(self) -> None:
        """Free the KV cache."""
        self._prefix_cache = PrefixCache(_image_token(self.model.config))

    def chat(
        self,
        conversation: Conversation,
        *,
        schema: dict[str, Any] | None = None,
        sampling: Sampling = GREEDY,
        hooks: Hooks = NO_HOOKS,
    ) -> str:
        """See `ChatModel.chat`. The schema is not enforced: ask for its fields in words."""
        return self._generate(conversation, sampling, hooks)[0]

    def chat_with_first_token(
        self, conversation: Conversation, *, sampling: Sampling = GREEDY, hooks: Hooks = NO_HOOKS
    ) -> tuple[str, dict[str, float]]:
        """See `FirstTokenModel`."""
        text, generated = self._generate(conversation, sampling, hooks, output_logits=True)
        first = generated.logits[0][0].float().softmax(-1)
        probabilities, ids = first.topk(min(TOP_TOKENS, len(first)))
        tokens: dict[str, float] = {}
        for token, probability in zip(ids.tolist(), probabilities.tolist(), strict=True):
            word = self.tokenizer.decode([token])
            tokens[word] = tokens.get(word, 0.0) + probability
        return text, tokens

    def _generate(
        self, conversation: Conversation, sampling: Sampling, hooks: Hooks, **outputs: bool
    ) -> tuple[str, Any]:
        """The reply to the last turn, and what transformers' `generate` returned."""
        hooks.check_stop()
        inputs, images = self._inputs(conversation)
        length = inputs["input_ids"].shape[1]
        max_new_tokens = min(sampling.max_new_tokens or MAX_NEW_TOKENS, self._tokens_left(length))
        options: dict[str, Any] = {"do_sample": False}
        if sampling.temperature:
            top_p = 1.0 if sampling.top_p is None else sampling.top_p
            options = {"do_sample": True, "temperature": sampling.temperature, "top_p": top_p}
        prompt_end = self.tokenizer.decode(inputs["input_ids"][0, -PROMPT_END:])
        reply = StreamedReply(hooks.on_text, thinking=opens_thought(prompt_end))
        criteria = StreamingStoppingCriteria(self.tokenizer, length, reply, hooks.should_stop)
        prefix = self._prefix_cache.lookup(
            inputs["input_ids"][0].tolist(), images, self._count_tiles
        )
        with torch.inference_mode(), seeded_rng(sampling.seed, self.model.device):
            if prefix is not None:
                self._continue_from(prefix, inputs, images)
            generated = self.model.generate(
                **inputs,
                **options,
                max_new_tokens=max_new_tokens,
                stopping_criteria=[criteria],
                return_dict_in_generate=True,
                **outputs,
            )
        self._prefix_cache.store(generated, images)
        if criteria.stopped:
            raise Stopped("stopped on request")
        ids = generated.sequences[0]
        text = criteria.finish(ids, cut_off=len(ids) >= length + max_new_tokens)
        if not text:
            raise EmptyReplyError(
                f"{self.name} wrote no words besides its thinking in {len(ids) - length} tokens; "
                "turn its thinking off, or choose a model that does not think"
            )
        return text, generated

    def _continue_from(
        self, prefix: CachedPrefix, inputs: dict[str, Any], images: list[Image]
    ) -> None:
        """Change `inputs` so that `generate` continues from `prefix`, if the model can."""
        new_images = images[prefix.images :]
        if supports_image_prefill(self.model):
            alone = self._process_images(new_images) if new_images else {}
            image_inputs = {name: v for name, v in alone.items() if name not in _TEXT_INPUTS}
            prefill_images(self.model, inputs, prefix, image_inputs)
        elif new_images:
            return
        inputs[cache_argument(self.model)] = prefix.cache
        inputs.pop("pixel_values", None)  # the cache holds these images

    def _count_tiles(self, image: Image) -> int:
        """How many tiles the processor cuts an image into."""
        ids = self._process_images([image])["input_ids"][0].tolist()
        return len(list(self._prefix_cache.image_spans(ids)))

    def _process_images(self, images: list[Image]) -> dict[str, Any]:
        message = {"role": "user", "content": [{"type": "image"}] * len(images)}
        return self._process([message], images)

    def _inputs(self, conversation: Conversation) -> tuple[dict[str, Any], list[Image]]:
        """The model's inputs, on its device, and the images in them."""
        messages: list[dict[str, Any]] = []
        images: list[Image] = []
        for message in to_messages(conversation, max_images=self.capabilities.max_images):
            content: Any = message.text
            if self.capabilities.sees:
                images += message.images
                content = [
                    {"type": "text", "text": part} if isinstance(part, str) else {"type": "image"}
                    for part in message.parts
                ]
            messages.append({"role": message.role, "content": content})
        return self._process(messages, images), images

    def _process(self, messages: list[dict[str, Any]], images: list[Image]) -> dict[str, Any]:
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
        if images:
            options["images"] = images
        inputs = self.processor(text=[text], **options)
        if "token_type_ids" not in inspect.signature(self.model.forward).parameters:
            inputs.pop("token_type_ids", None)  # some tokenizers write them for every model
        device, dtype = self.model.device, self.model.dtype
        names = inputs if self.capabilities.sees else ("input_ids", "attention_mask")
        return {
            name: inputs[name].to(device, dtype if inputs[name].is_floating_point() else None)
            for name in names
        }

    def _tokens_left(self, length: int) -> int:
        """How long the reply to a conversation of `length` tokens can be."""
        text_config = self.model.config.get_text_config()
        # Models without this setting have no fixed limit.
        limit = getattr(text_config, "max_position_embeddings", 1 << 20)
        if length >= limit:
            raise ValueError(
                f"the conversation takes {length} tokens; {self.name} reads at most {limit - 1}. "
                "Shorten the text, or start a new conversation"
            )
        return limit - length


class StreamingStoppingCriteria:
    """Passes on new text and polls `should_stop`; `generate` calls it after every token.

    Parameters
    ----------
    tokenizer
        Decodes the tokens.
    start
        Where the reply begins in the tokens.
    reply
        Gets the text.
    should_stop
        Polled after every token.
    """

    def __init__(
        self, tokenizer: Any, start: int, reply: StreamedReply, should_stop: ShouldStop | None
    ) -> None:
        self._tokenizer, self._reply, self._should_stop = tokenizer, reply, should_stop
        # Special tokens are not for the user, except that some are marks of thoughts.
        added = tokenizer.added_tokens_decoder.items()
        self._hidden = {i for i, token in added if token.special and not is_mark(token.content)}
        self._context_start = self._end = start
        self.stopped = False

    def __call__(self, ids: torch.Tensor, _scores: Any, **_: Any) -> torch.Tensor:
        """Whether to stop, a bool for each row of the token ids."""
        self._add(ids[0])
        self.stopped = self._should_stop is not None and self._should_stop()
        return torch.full((len(ids),), self.stopped, device=ids.device)

    def finish(self, ids: torch.Tensor, *, cut_off: bool) -> str:
        """The whole reply, once `ids` are complete; cut_off: they end at the limit."""
        self._add(ids, last=True)
        return self._reply.finish(cut_off=cut_off)

    def _add(self, ids: torch.Tensor, last: bool = False) -> None:
        # The tokens before are decoded again together with the new ones, because a decoder drops
        # the space before its first word. Half a character waits for its other half.
        before = self._decode(ids[self._context_start : self._end])
        after = self._decode(ids[self._context_start :])
        if len(after) > len(before) and (last or not after.endswith("\ufffd")):
            self._reply.add(after[len(before) :])
            self._context_start, self._end = self._end, len(ids)

    def _decode(self, ids: torch.Tensor) -> str:
        return self._tokenizer.decode([i for i in ids.tolist() if i not in self._hidden])


@contextmanager
def seeded_rng(seed: int, device: torch.device) -> Iterator[None]:
    """Sample from `seed` on; the caller's random state is restored afterwards."""
    with torch.random.fork_rng([device] if device.type == "cuda" else []):
        torch.manual_seed(seed % 2**63)
        yield


def _why_not_loaded(error: Exception, folder: Path, config: Any, attention: str) -> str:
    reason = str(error).strip().splitlines()[0] if str(error).strip() else repr(error)
    quantization = config.to_dict().get("quantization_config")
    if quantization is not None:
        return (
            f"the model in {folder} is quantised ({quantization.get('quant_method')}), and what "
            f"reads such weights is missing: {reason} Install it, or take the model as it was "
            "before quantisation"
        )
    if isinstance(error, UnpicklingError):
        return (
            f"a weight file in {folder} is broken or holds code, which is never run; "
            "take the model as .safetensors files"
        )
    if isinstance(error, ImportError):
        return f"attention {attention!r} cannot be used here: {reason} Use attention='sdpa'"
    return f"the model in {folder} cannot be loaded: {reason}"


def _has_vision(config: Any) -> bool:
    from transformers.models.auto.modeling_auto import MODEL_FOR_IMAGE_TEXT_TO_TEXT_MAPPING

    return type(config) in MODEL_FOR_IMAGE_TEXT_TO_TEXT_MAPPING


def _image_token(config: Any) -> int | None:
    """The id that stands for images; families of models store it under different names."""
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
