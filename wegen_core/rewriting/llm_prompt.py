"""Ask a language model for rewrites, and stop it once a whole prompt is there."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace

from ..constraints.language import LANGUAGE_NAMES
from ..mllm.chat_model import Capabilities, ChatModel, EmptyReplyError, PromptRewriter
from ..records.conversation import Conversation
from ..records.hooks import NO_HOOKS, Hooks, Sampling, Stopped
from ..records.plan import Constraint
from .llm_reply import extract_prompt, has_whole_prompt, whole_sentences

INSTRUCTION = """\
You rewrite prompts for an image generator. Rewrite the prompt below in {language}.
- Keep every fact of the prompt: things, numbers, colours, names, places, styles.
- Keep text in quotation marks letter by letter, in its marks, untranslated.
- Add about {count} fitting details and nothing else. Details to decide: {facets}.
- Say what is to be seen. Add no negations and no words about quality.
- Answer with the rewritten prompt alone, on one line.{tags}
{must}
Prompt: {prompt}"""
TAGS = "\n- Write short keywords, separated by commas, and no sentences."
MAX_NEW_TOKENS = 2048  # for thinking and the reply together


def rewrite_instruction(
    prompt: str,
    constraints: Sequence[Constraint],
    facets: Mapping[str, str],
    language: str,
    *,
    tags: bool = False,
) -> str:
    """Write the message that asks a general model for one rewrite.

    facets: facet -> an example of its value, as a direction for the model. tags:
    whether the prompt is to be a list of keywords.
    """
    must = [f"  {c.kind}: {c.text}" for c in constraints if c.kind != "language"]
    examples = [f"{facet} (for example {words})" for facet, words in facets.items()]
    return INSTRUCTION.format(
        language=LANGUAGE_NAMES.get(language, "English"),
        count=max(1, len(facets)),
        facets="; ".join(examples) or "none",
        must="\n".join(["Must stay:", *must]) if must else "",
        tags=TAGS if tags else "",
        prompt=prompt,
    )


def sample_rewrites(
    mllm: ChatModel,
    prompt: str,
    instruction: str,
    *,
    details: int,
    seeds: Sequence[int],
    temperature: float,
    hooks: Hooks = NO_HOOKS,
) -> list[str]:
    """Sample one rewrite of `prompt` for each seed; replies without a prompt are left out.

    A `PromptRewriter` gets the prompt alone. Any other model gets `instruction` and is stopped as
    soon as its reply holds a whole prompt, or more characters than `details` details need.
    """
    if isinstance(mllm, PromptRewriter):
        sampling = Sampling(temperature=temperature, seed=seeds[0])
        replies = mllm.rewrite(prompt, n=len(seeds), sampling=sampling, hooks=hooks)
    else:
        limit = max_characters(prompt, details)
        replies = [
            _chat(mllm, instruction, Sampling(temperature=temperature, seed=seed), limit, hooks)
            for seed in seeds
        ]
    prompts = [extract_prompt(str(reply), prompt) for reply in replies]
    return [text for text in prompts if text]


def max_characters(prompt: str, details: int) -> int:
    """Return how many characters a rewrite with this many details may have."""
    return 2 * len(prompt) + 100 * details + 240


def _chat(mllm: ChatModel, instruction: str, sampling: Sampling, limit: int, hooks: Hooks) -> str:
    """The model's reply, cut off after its first whole prompt or after `limit` characters."""
    conversation = Conversation()
    conversation.add("user", instruction)
    capabilities = mllm.capabilities if isinstance(mllm, ChatModel) else Capabilities()
    reply = ""

    def collect(piece: str) -> None:
        nonlocal reply
        reply += piece

    def is_enough() -> bool:
        if not capabilities.marks_thoughts:
            return False  # this may be a thought
        return len(reply) > limit or has_whole_prompt(_without_echo(reply, instruction))

    def should_stop() -> bool:
        return is_enough() or bool(hooks.should_stop and hooks.should_stop())

    # Pieces are counted without the thinking. A model that does not stream cannot be stopped by
    # counting, so it gets fewer tokens instead.
    tokens = MAX_NEW_TOKENS if capabilities.streams else limit // 2
    try:
        reply = mllm.chat(
            conversation,
            sampling=replace(sampling, max_new_tokens=tokens),
            hooks=replace(hooks, on_text=collect, should_stop=should_stop),
        )
    except EmptyReplyError:
        return ""
    except Stopped:
        if not is_enough():
            raise
        if not has_whole_prompt(_without_echo(reply, instruction)):
            reply = whole_sentences(reply)
    return _without_echo(str(reply), instruction)


def _without_echo(reply: str, instruction: str) -> str:
    """The reply without lines of the instruction, which weak models repeat."""
    echoed = {line.strip() for line in instruction.splitlines()} - {""}
    return "\n".join(line for line in reply.split("\n") if line.strip() not in echoed)
