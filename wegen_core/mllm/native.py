"""WeGen's own network as the model that understands: it plans in words and in visual tokens."""

from __future__ import annotations

import hashlib
from collections import OrderedDict
from collections.abc import Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import torch
from torch import Tensor

from ..constraints import broken, find_constraints, find_subjects
from ..images.convert import flatten
from ..model.generation import ConversationCache, Generation
from ..model.prompt import IMAGE, Part, reply_ids, user_ids
from ..model.reply_format import (
    PAINTING_REQUEST,
    REWRITE_REQUEST,
    ReplyText,
    count_contradictions,
    from_user_text,
    is_background_change,
    parse_reply,
    parse_transfer,
    write_reply,
)
from ..records.conversation import Conversation, ImagePart, Turn
from ..records.hooks import GREEDY, NO_HOOKS, OWN_SAMPLING, Hooks, Sampling
from ..records.plan import Intent, Plan, Reference
from .chat_model import Capabilities
from .vocabulary import strip_fillers

if TYPE_CHECKING:
    from ..model.network import Network

TEMPERATURE, TOP_P = 1.0, 0.6
"""Of plans: 0.6 keeps what the words state (probability near 1) and varies what they leave open.
Answers are decoded greedily."""

RETRIES, RETRY_TOP_P = 6, 0.95
"""How many more replies are sampled if the first contradicts the words or itself."""

REWRITE_TOP_P, REWRITE_MAX_NEW_TOKENS = 0.8, 128

MAX_NEW_TOKENS = 512

_MAX_CACHED_IMAGES = 32


class NativeMLLM:
    """Implements `ChatModel`, `PromptRewriter` and `Planner` with a WeGen network.

    Its plans carry the network's visual tokens as `draft`. It keeps the KV cache of the newest
    conversation, of which the next turn then costs only what is new, and the visual tokens of the
    images it read last.

    Parameters
    ----------
    net
        Its device is where the model runs.
    """

    def __init__(self, net: Network) -> None:
        self.net = net
        self.name = f"WeGen {net.config.name}"
        self.capabilities = Capabilities(
            json_schema=False, vocabulary=frozenset(net.config.vocabulary.split()) or None
        )
        self.forget()

    @property
    def vocabulary(self) -> frozenset[str] | None:
        """The words that the network was trained on; None: any."""
        return self.capabilities.vocabulary

    @property
    def world(self) -> str:
        """What the network was trained on, in words; "": images of all kinds."""
        return self.net.config.world

    def knows(self, part: ImagePart) -> bool:
        """Whether an image is of the kind that the network was trained on."""
        return part.features is not None or self.net.knows(part.image)

    def forget(self) -> None:
        """Free the KV cache and the cached visual tokens."""
        self._cache = ConversationCache()
        self._image_tokens: OrderedDict[str, Tensor] = OrderedDict()

    def chat(
        self,
        conversation: Conversation,
        *,
        schema: dict[str, Any] | None = None,
        sampling: Sampling = GREEDY,
        hooks: Hooks = NO_HOOKS,
    ) -> str:
        """Reply in words, see `ChatModel.chat`. A schema is refused: the network writes no JSON."""
        if schema is not None:
            raise ValueError(f"{self.name} cannot follow a JSON schema; leave schema out")
        prompt, images = self._encode(conversation.turns)
        reply = self.net.generate(
            prompt,
            images,
            max_new_tokens=sampling.max_new_tokens or MAX_NEW_TOKENS,
            temperature=sampling.temperature or 0.0,
            top_p=1.0 if sampling.top_p is None else sampling.top_p,
            seed=sampling.seed,
            images=False,
            cache=self._cache,
            hooks=hooks,
        )
        return self._text(reply)

    def rewrite(
        self, prompt: str, *, n: int, sampling: Sampling, hooks: Hooks = NO_HOOKS
    ) -> list[str]:
        """Sample `n` full descriptions of what `prompt` asks for, as one batch."""
        tokenizer = self.net.tokenizer
        ids = [tokenizer.bos_id, *user_ids(tokenizer, [REWRITE_REQUEST.format(prompt)])]
        replies = self.net.generate(
            [torch.tensor(ids)] * n,
            max_new_tokens=REWRITE_MAX_NEW_TOKENS,
            temperature=sampling.temperature or 0.0,
            top_p=REWRITE_TOP_P,
            seed=sampling.seed,
            images=False,
            hooks=hooks,
        )
        return [self._text(reply) for reply in replies]

    def plan(
        self,
        conversation: Conversation,
        *,
        intent: Intent | None = None,
        sampling: Sampling = OWN_SAMPLING,
        hooks: Hooks = NO_HOOKS,
    ) -> Plan:
        """Plan the answer to the last turn, see `Planner.plan`.

        A reply that contradicts the user's words, or itself, is replaced by the best of a few
        others, unless the temperature is 0.
        """
        tokenizer, turns = self.net.tokenizer, conversation.turns
        request = turns[-1].text

        # 1) Encode the conversation; an intent is forced by the words that its replies begin with.
        prompt, images = self._encode(turns, intent)
        if prefix := self.net.config.intent_prefixes.get(intent or ""):
            prompt = torch.cat([prompt, torch.tensor(tokenizer.encode(prefix))])

        # 2) Reply in words, up to the `<img>` that would begin an image.
        temperature = sampling.temperature
        if temperature is None:
            temperature = 0.0 if intent == "answer" else TEMPERATURE
        options: dict[str, Any] = {
            "max_new_tokens": sampling.max_new_tokens or MAX_NEW_TOKENS,
            "images": False,
        }
        reply = self.net.generate(
            prompt,
            images,
            temperature=temperature,
            top_p=TOP_P if sampling.top_p is None else sampling.top_p,
            seed=sampling.seed,
            cache=self._cache,
            hooks=hooks,
            **options,
        )
        begins_image = int(reply.ids[-1]) == tokenizer.image_start_id
        parsed = self._parse(reply)
        kind = intent or ((parsed.intent or _likely_intent(turns)) if begins_image else "answer")

        # 3) If it has faults, sample more of the same kind (in words, or followed by an image).
        if sampling.temperature != 0 and (faults := self._count_faults(parsed, kind, request)):
            others = self.net.generate(
                [prompt] * RETRIES,
                None if images is None else images.repeat(RETRIES, 1, 1),
                temperature=temperature or TEMPERATURE,
                top_p=RETRY_TOP_P,
                seed=[sampling.seed * RETRIES + k for k in range(1, RETRIES + 1)],
                hooks=replace(hooks, on_text=None, on_progress=None),
                **options,
            )
            for other in [o for o in others if o.ids[-1] == reply.ids[-1]]:
                other_parsed = self._parse(other)
                other_faults = self._count_faults(other_parsed, kind, request)
                if other_faults < faults:
                    faults, parsed, reply = other_faults, other_parsed, other
        if kind == "answer":
            if not self.net.config.intent_prefixes:
                return Plan("answer", text=self._text(reply))
            return Plan("answer", prompt=parsed.before_arrow, text=parsed.result)

        # 4) Draw: the visual tokens of the image that follows the words.
        begun = [*self._word_ids(reply), tokenizer.image_start_id]
        image = self.net.generate(
            torch.cat([prompt, torch.tensor(begun)]),
            images,
            max_new_tokens=len(tokenizer.image_ids) + 1,
            cache=self._cache,
            hooks=replace(hooks, on_text=None),
        )

        # 5) The plan. A forced prefix stands in the prompt, so the reply itself does not name it.
        meant = intent or parsed.intent or _likely_intent(turns)
        parsed = replace(parsed, intent=meant)
        return Plan(
            meant,
            prompt=parsed.result or request,
            text=parsed.for_user,
            changes=(parsed.change or request,) if meant == "refine" else (),
            scope="background" if is_background_change(parsed.change) else None,
            references=_references(parsed, turns) if meant == "compose" else (),
            constraints=tuple(find_constraints(request)),
            draft=image.features[0],
        )

    def _count_faults(self, reply: ReplyText, kind: Intent, request: str) -> int:
        """How many constraints a new image breaks, or how often a reply contradicts itself."""
        if kind != "generate":
            return count_contradictions(reply)
        # The network cannot write painting syntax.
        constraints = [c for c in find_constraints(request) if c.kind != "syntax"]
        constraints += find_subjects(request)
        text = write_reply(reply, self.net.config.intent_prefixes)
        return len(broken(constraints, text, complete=True))

    def _encode(
        self, turns: Sequence[Turn], intent: Intent | None = None
    ) -> tuple[Tensor, Tensor | None]:
        """The conversation as ids [L], and the visual tokens [N,64,W] of its images."""
        tokenizer, config = self.net.tokenizer, self.net.config
        images = [image for turn in turns for image in turn.images]
        if len(images) >= config.max_images:
            # Too many to read at once: only the last turn, and the last image.
            last = turns[-1]
            if not last.images:
                last = Turn(last.id, None, last.role, (images[-1], *last.parts), last.record)
            turns, images = [last], last.images
        ids = [tokenizer.bos_id]
        for turn in turns:
            parts: list[Part] = [
                IMAGE if isinstance(part, ImagePart) else part.text for part in turn.parts
            ]
            if turn.role != "user":
                if parts and isinstance(parts[0], str):
                    parts[0] = self._own_words(turn, parts[0])
                ids += reply_ids(tokenizer, parts)
                continue
            if self.capabilities.vocabulary is not None:
                parts = [strip_fillers(p) if isinstance(p, str) else p for p in parts]
            if intent == "generate" and turn is turns[-1] and not config.intent_prefixes:
                parts = [PAINTING_REQUEST.format(p) if isinstance(p, str) else p for p in parts]
            ids += user_ids(tokenizer, parts)
        tokens = torch.cat([self._tokens_of(image) for image in images]) if images else None
        return torch.tensor(ids), tokens

    def _own_words(self, turn: Turn, text: str) -> str:
        """What the network itself said in an assistant's turn that has `text` for the user."""
        plan, prefixes = turn.record.get("plan"), self.net.config.intent_prefixes
        if not prefixes or not isinstance(plan, dict):
            return text
        reply = from_user_text(text, plan.get("intent"), plan.get("prompt") or "")
        return write_reply(reply, prefixes)

    @torch.inference_mode()
    def _tokens_of(self, part: ImagePart) -> Tensor:
        """Visual tokens [1,64,W] of an image: those it was painted from, or the encoder's."""
        net = self.net
        if part.features is not None:
            return part.features[None].to(net.device, net.dtype)
        image = flatten(part.image)
        key = hashlib.sha256(image.tobytes() + repr(image.size).encode()).hexdigest()
        if key not in self._image_tokens:
            self._image_tokens[key] = net.pool(net.encode_images(net.preprocess([image])))
            if len(self._image_tokens) > _MAX_CACHED_IMAGES:
                self._image_tokens.popitem(last=False)
        return self._image_tokens[key].to(net.device, net.dtype)

    def _word_ids(self, reply: Generation) -> list[int]:
        """The ids of a reply that are words."""
        tokenizer = self.net.tokenizer
        others = {*tokenizer.image_block(), tokenizer.eos_id}
        return [i for i in reply.ids.tolist() if i not in others]

    def _text(self, reply: Generation) -> str:
        return self.net.tokenizer.decode(self._word_ids(reply)).strip()

    def _parse(self, reply: Generation) -> ReplyText:
        return parse_reply(self._text(reply), self.net.config.intent_prefixes)


def _references(reply: ReplyText, turns: Sequence[Turn]) -> tuple[Reference, ...]:
    """The images of the last turn that a composition takes from, and puts into."""
    transfer = parse_transfer(reply.change)
    attached, earlier = len(turns[-1].images), sum(len(turn.images) for turn in turns[:-1])
    references = []
    if transfer.source is not None and 1 <= transfer.source <= attached:
        references.append(Reference(earlier + transfer.source, "subject", transfer.subject))
    if transfer.target is not None and 1 <= transfer.target <= attached:
        references.append(Reference(earlier + transfer.target, "base"))
    return tuple(references)


def _likely_intent(turns: Sequence[Turn]) -> Intent:
    """What an image in reply to the conversation does, for a network that does not name it."""
    if len(turns[-1].images) > 1:
        return "compose"
    return "refine" if any(turn.images for turn in turns) else "generate"
