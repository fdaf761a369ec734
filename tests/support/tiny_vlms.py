"""Model folders of the shapes users have, tiny and random, made at test time."""

from __future__ import annotations

import json
from pathlib import Path

import torch
from tokenizers import Tokenizer, decoders, models, pre_tokenizers, trainers

KINDS = ("qwen2_5_vl", "qwen3_vl", "gemma3", "llava", "internvl", "smolvlm", "text_only")

_QWEN_MARKS = [
    "<|endoftext|>",
    "<|im_start|>",
    "<|im_end|>",
    "<|vision_start|>",
    "<|vision_end|>",
    "<|image_pad|>",
    "<|video_pad|>",
]
_GEMMA_MARKS = [
    "<pad>",
    "<eos>",
    "<bos>",
    "<start_of_turn>",
    "<end_of_turn>",
    "<start_of_image>",
    "<end_of_image>",
    "<image_soft_token>",
]
_CONTENT = (
    "{%% if m.content is string %%}{{ m.content }}{%% else %%}{%% for p in m.content %%}"
    "{%% if p.type == 'image' %%}%s{%% else %%}{{ p.text }}{%% endif %%}{%% endfor %%}{%% endif %%}"
)
_QWEN_TEMPLATE = (
    "{% for m in messages %}<|im_start|>{{ m.role }}\n"
    + _CONTENT % "<|vision_start|><|image_pad|><|vision_end|>"
    + "<|im_end|>\n{% endfor %}{% if add_generation_prompt %}<|im_start|>assistant\n{% endif %}"
)
_GEMMA_TEMPLATE = (
    "{{ bos_token }}{% for m in messages %}<start_of_turn>"
    "{{ 'model' if m.role == 'assistant' else m.role }}\n"
    + _CONTENT % "<start_of_image>"
    + "<end_of_turn>\n{% endfor %}{% if add_generation_prompt %}<start_of_turn>model\n{% endif %}"
)
_CORPUS = [
    "a red boat by the sea, a blue car on the grass, what colour is it? 一只猫 user model"
] * 4


def make(kind: str, folder: Path, seed: int = 0, **sizes: int) -> Path:
    """Write a folder of `kind`, one of KINDS; its weights depend on the seed.

    sizes: of "text_only", where they shall be others.
    """
    torch.manual_seed(seed)
    if kind == "text_only":
        _text_only(folder, **sizes)
    else:
        others = {"gemma3": _gemma3, "llava": _llava, "internvl": _internvl, "smolvlm": _smolvlm}
        others.get(kind, _qwen)(folder, kind)
    return folder


def tokenizer(
    folder: Path, family: str, marks: list[str], template: str, **named: object
) -> dict[str, int]:
    from transformers import PreTrainedTokenizerFast

    raw = Tokenizer(models.BPE())
    raw.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    raw.decoder = decoders.ByteLevel()
    alphabet = pre_tokenizers.ByteLevel.alphabet()
    trainer = trainers.BpeTrainer(
        vocab_size=400, special_tokens=marks, initial_alphabet=alphabet, show_progress=False
    )
    raw.train_from_iterator(_CORPUS, trainer)
    named = {"model_max_length": 4096, **named}
    made = PreTrainedTokenizerFast(tokenizer_object=raw, **named)
    made.chat_template = template
    made.save_pretrained(folder)
    path = folder / "tokenizer_config.json"
    settings = json.loads(path.read_text())
    path.write_text(json.dumps(settings | {"tokenizer_class": family}))
    (folder / "chat_template.jinja").write_text(template)
    return {mark: raw.token_to_id(mark) for mark in marks} | {"": raw.get_vocab_size()}


def _small(**more: object) -> dict:
    return {
        "hidden_size": 32,
        "intermediate_size": 48,
        "num_hidden_layers": 2,
        "num_attention_heads": 4,
        "num_key_value_heads": 2,
        "head_dim": 8,
        "max_position_embeddings": 4096,
        "initializer_range": 0.3,
        **more,
    }


def _qwen(folder: Path, kind: str) -> None:
    import transformers

    ids = tokenizer(
        folder,
        "Qwen2Tokenizer",
        _QWEN_MARKS,
        _QWEN_TEMPLATE,
        eos_token="<|im_end|>",
        pad_token="<|endoftext|>",
    )
    new = kind == "qwen3_vl"
    section = [2, 1, 1]
    rope = {"rope_type": "default", "mrope_section": section, "rope_theta": 10000.0}
    if new:
        rope["mrope_interleaved"] = True
    text = _small(vocab_size=ids[""], rope_scaling=rope, eos_token_id=ids["<|im_end|>"])
    text["pad_token_id"] = ids["<|endoftext|>"]
    vision = {"depth": 2, "hidden_size": 32, "intermediate_size": 48, "num_heads": 2,
              "out_hidden_size": 32, "initializer_range": 0.3}  # fmt: skip
    if new:
        vision |= {"patch_size": 16, "deepstack_visual_indexes": [0], "num_position_embeddings": 64}
    else:
        vision |= {"patch_size": 14, "fullatt_block_indexes": [1], "window_size": 56}
    marks = {
        "image_token_id": ids["<|image_pad|>"],
        "video_token_id": ids["<|video_pad|>"],
        "vision_start_token_id": ids["<|vision_start|>"],
        "vision_end_token_id": ids["<|vision_end|>"],
    }
    name = "Qwen3VL" if new else "Qwen2_5_VL"
    config = getattr(transformers, f"{name}Config")(text_config=text, vision_config=vision, **marks)
    _save(getattr(transformers, f"{name}ForConditionalGeneration")(config), folder, ids)
    pixels = {"shortest_edge": 28 * 28 * 4, "longest_edge": 28 * 28 * 16}
    _write(
        folder / "preprocessor_config.json",
        {
            "image_processor_type": "Qwen2VLImageProcessorFast" if new else "Qwen2VLImageProcessor",
            "processor_class": f"{name}Processor",
            "patch_size": vision["patch_size"],
            "temporal_patch_size": 2,
            "merge_size": 2,
            "size": pixels,
            "image_mean": [0.5] * 3,
            "image_std": [0.5] * 3,
        },
    )


def _gemma3(folder: Path, kind: str) -> None:
    from transformers import Gemma3Config, Gemma3ForConditionalGeneration

    named = {"boi": "<start_of_image>", "eoi": "<end_of_image>", "image": "<image_soft_token>"}
    ids = tokenizer(
        folder,
        "PreTrainedTokenizerFast",
        _GEMMA_MARKS,
        _GEMMA_TEMPLATE,
        bos_token="<bos>",
        eos_token="<eos>",
        pad_token="<pad>",
        extra_special_tokens={f"{name}_token": mark for name, mark in named.items()},
    )
    text = _small(
        vocab_size=ids[""],
        sliding_window=64,
        layer_types=["sliding_attention", "full_attention"],
        query_pre_attn_scalar=8,
        tie_word_embeddings=False,  # tied and random, it would repeat its last word for ever
    )
    vision = {"hidden_size": 32, "intermediate_size": 48, "num_hidden_layers": 2, "patch_size": 14,
              "num_attention_heads": 2, "image_size": 56}  # fmt: skip
    config = Gemma3Config(
        text_config=text,
        vision_config=vision,
        mm_tokens_per_image=4,
        boi_token_index=ids["<start_of_image>"],
        eoi_token_index=ids["<end_of_image>"],
        image_token_index=ids["<image_soft_token>"],
        eos_token_id=[ids["<eos>"], ids["<end_of_turn>"]],
        initializer_range=0.3,
        tie_word_embeddings=False,
    )
    model = Gemma3ForConditionalGeneration(config)
    torch.nn.init.normal_(model.model.multi_modal_projector.mm_input_projection_weight)
    model.generation_config.eos_token_id = [ids["<eos>"], ids["<end_of_turn>"]]
    model.save_pretrained(folder)
    _write(
        folder / "preprocessor_config.json",
        {
            "image_processor_type": "Gemma3ImageProcessor",
            "processor_class": "Gemma3Processor",
            "image_seq_length": 4,
            "size": {"height": 56, "width": 56},
            "image_mean": [0.5] * 3,
            "image_std": [0.5] * 3,
        },
    )
    _write(
        folder / "processor_config.json",
        {"image_seq_length": 4, "processor_class": "Gemma3Processor"},
    )


def _llava(folder: Path, kind: str) -> None:
    from transformers import (
        CLIPVisionConfig,
        LlamaConfig,
        LlavaConfig,
        LlavaForConditionalGeneration,
    )

    ids = tokenizer(
        folder,
        "PreTrainedTokenizerFast",
        [*_QWEN_MARKS[:3], "<image>"],
        _QWEN_TEMPLATE.replace("<|vision_start|><|image_pad|><|vision_end|>", "<image>"),
        eos_token="<|im_end|>",
        pad_token="<|endoftext|>",
    )
    vision = CLIPVisionConfig(
        hidden_size=32,
        intermediate_size=48,
        num_hidden_layers=2,
        num_attention_heads=2,
        image_size=28,
        patch_size=14,
        initializer_range=0.3,
    )
    text = LlamaConfig(**_small(vocab_size=ids[""], eos_token_id=ids["<|im_end|>"]))
    config = LlavaConfig(
        vision_config=vision,
        text_config=text,
        image_token_index=ids["<image>"],
        image_seq_length=4,
        initializer_range=0.3,
        tie_word_embeddings=False,
    )
    _save(LlavaForConditionalGeneration(config), folder, ids)
    _write(
        folder / "preprocessor_config.json",
        {
            "image_processor_type": "CLIPImageProcessor",
            "processor_class": "LlavaProcessor",
            "size": {"shortest_edge": 28},
            "crop_size": {"height": 28, "width": 28},
            "image_mean": [0.5] * 3,
            "image_std": [0.5] * 3,
        },
    )
    _write(
        folder / "processor_config.json",
        {
            "processor_class": "LlavaProcessor",
            "patch_size": 14,
            "vision_feature_select_strategy": "default",
            "num_additional_image_tokens": 1,
            "image_token": "<image>",
        },
    )


def _internvl(folder: Path, kind: str) -> None:
    from transformers import InternVLConfig, InternVLForConditionalGeneration

    named = {"start_image": "<img>", "end_image": "</img>", "context_image": "<IMG_CONTEXT>"}
    ids = tokenizer(
        folder,
        "PreTrainedTokenizerFast",
        [*_QWEN_MARKS, *named.values()],
        _QWEN_TEMPLATE.replace("<|vision_start|><|image_pad|><|vision_end|>", "<IMG_CONTEXT>"),
        eos_token="<|im_end|>",
        pad_token="<|endoftext|>",
        extra_special_tokens={
            "video_token": "<|video_pad|>",
            **{f"{name}_token": mark for name, mark in named.items()},
        },
    )
    vision = {"hidden_size": 32, "intermediate_size": 48, "num_hidden_layers": 2,
              "num_attention_heads": 2, "image_size": [28, 28], "patch_size": [7, 7],
              "initializer_range": 0.3}  # fmt: skip
    config = InternVLConfig(
        vision_config=vision,
        text_config=_small(model_type="qwen2", vocab_size=ids[""], eos_token_id=ids["<|im_end|>"]),
        image_token_id=ids["<IMG_CONTEXT>"],
        image_seq_length=4,
        initializer_range=0.3,
        tie_word_embeddings=False,
    )
    _save(InternVLForConditionalGeneration(config), folder, ids)
    _write(
        folder / "preprocessor_config.json",
        {
            "image_processor_type": "GotOcr2ImageProcessor",
            "processor_class": "InternVLProcessor",
            "size": {"height": 28, "width": 28},
            "crop_to_patches": True,
            "min_patches": 1,
            "max_patches": 4,
            "image_mean": [0.5] * 3,
            "image_std": [0.5] * 3,
        },
    )
    _write(
        folder / "processor_config.json",
        {"image_seq_length": 4, "processor_class": "InternVLProcessor"},
    )


def _smolvlm(folder: Path, kind: str) -> None:
    """As the first SmolVLM is published: an Idefics3, which cuts large pictures into pieces."""
    from transformers import Idefics3Config, Idefics3ForConditionalGeneration

    rows = [f"<row_{i}_col_{j}>" for i in range(1, 7) for j in range(1, 7)]
    marks = ["<fake_token_around_image>", "<image>", "<end_of_utterance>", "<global-img>", *rows]
    ids = tokenizer(
        folder,
        "PreTrainedTokenizerFast",
        [*_QWEN_MARKS[:3], *marks],
        _QWEN_TEMPLATE.replace("<|vision_start|><|image_pad|><|vision_end|>", "<image>"),
        eos_token="<|im_end|>",
        pad_token="<|endoftext|>",
    )
    vision = {"hidden_size": 32, "intermediate_size": 48, "num_hidden_layers": 2,
              "num_attention_heads": 2, "image_size": 56, "patch_size": 14,
              "initializer_range": 0.3}  # fmt: skip
    config = Idefics3Config(
        vision_config=vision,
        text_config=_small(
            model_type="llama",
            vocab_size=ids[""],
            eos_token_id=ids["<|im_end|>"],
            pad_token_id=ids["<|endoftext|>"],
        ),
        image_token_id=ids["<image>"],
        scale_factor=2,
        pad_token_id=ids["<|endoftext|>"],
        initializer_range=0.3,
        tie_word_embeddings=False,
    )
    _save(Idefics3ForConditionalGeneration(config), folder, ids)
    _write(
        folder / "preprocessor_config.json",
        {
            "image_processor_type": "Idefics3ImageProcessor",
            "processor_class": "Idefics3Processor",
            "size": {"longest_edge": 112},
            "max_image_size": {"longest_edge": 56},
            "do_image_splitting": True,
            "image_mean": [0.5] * 3,
            "image_std": [0.5] * 3,
        },
    )
    _write(
        folder / "processor_config.json",
        {"image_seq_len": 4, "processor_class": "Idefics3Processor"},
    )


def _text_only(folder: Path, **sizes: int) -> None:
    from transformers import LlamaConfig, LlamaForCausalLM

    ids = tokenizer(
        folder,
        "Qwen2Tokenizer",
        _QWEN_MARKS,
        _QWEN_TEMPLATE,
        eos_token="<|im_end|>",
        pad_token="<|endoftext|>",
    )
    config = LlamaConfig(**_small(vocab_size=ids[""], eos_token_id=ids["<|im_end|>"], **sizes))
    LlamaForCausalLM(config).save_pretrained(folder)


def _save(model, folder: Path, ids: dict[str, int]) -> None:
    model.generation_config.eos_token_id = ids["<|im_end|>"]
    model.generation_config.pad_token_id = ids["<|endoftext|>"]
    model.save_pretrained(folder)


def _write(path: Path, data: dict) -> None:
    path.write_text(json.dumps(data))
