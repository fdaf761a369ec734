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
from .vocabulary import plainer

if TYPE_CHECKING:
    from ..model import Generation, WeGen

TEMPERATURE, TOP_P = 1.0, 0.6
"""What the words settle is far above the rest and stays settled; what they leave open varies.
Answers are not sampled: a picture leaves nothing open."""

TRIES = 6
MAX_NEW_TOKENS = 512

_REMEMBERED = 32


class NativeMLLM:
    """Implements `ChatModel`, `PromptRewriter` and `Planner` with a WeGen network.

    Plans carry its visual tokens as `draft`.

    Keeps the KV cache of the newest conversation, so that its next turn costs only what is new,
    and the features of the last pictures read; `forget()` frees both.
    """

    def __init__(self, net: WeGen) -> None:
        self.net = net
        self.name = f"WeGen {net.config.name}"
        self.capabilities = Capabilities(
            json_schema=False, vocabulary=frozenset(net.config.vocabulary.split()) or None
        )
        self.forget()

    def forget(self) -> None:
        """Free the KV cache and the remembered picture features."""
        self._session = self.net.session()
        self._read: OrderedDict[str, Tensor] = OrderedDict()

    def chat(
        self,
        conversation: Conversation,
        *,
        schema: dict[str, Any] | None = None,
        sampling: Sampling = GREEDY,
        hooks: Hooks = NO_HOOKS,
    ) -> str:
        """The reply in words. `schema` is refused: the network writes no JSON."""
        if schema is not None:
            raise ValueError(f"{self.name} cannot follow a JSON schema; leave schema out")
        ids, features = self._prompt(conversation.turns)
        reply = self.net.generate(
            ids,
            features,
            max_new_tokens=sampling.max_new_tokens or MAX_NEW_TOKENS,
            temperature=sampling.temperature or 0.0,
            top_p=1.0 if sampling.top_p is None else sampling.top_p,
            seed=sampling.seed,
            images=False,
            on_text=hooks.on_text,
            should_stop=hooks.should_stop,
            session=self._session,
        )
        return self._words(reply)

    def rewrite(
        self, prompt: str, *, n: int, sampling: Sampling, hooks: Hooks = NO_HOOKS
    ) -> list[str]:
        """`n` full descriptions of what `prompt` wishes for, sampled as one batch."""
        tokens = self.net.tokenizer
        ids = [tokens.bos_id, *user_ids(tokens, [REWRITE_REQUEST.format(prompt)])]
        replies = self.net.generate(
            [torch.tensor(ids)] * n,
            temperature=sampling.temperature or 0.0,
            top_p=0.8,
            seed=sampling.seed,
            images=False,
            max_new_tokens=128,
            should_stop=hooks.should_stop,
        )
        return [self._words(reply) for reply in replies]

    def plan(
        self,
        conversation: Conversation,
        *,
        intent: Intent | None = None,
        sampling: Sampling = OWN_SAMPLING,
        hooks: Hooks = NO_HOOKS,
    ) -> Plan:
        """The plan for the last user turn; see `Planner.plan`.

        What the network says is held against the user's words, or against what it saw; where it
        breaks them, the best of a few other tries is taken, unless `temperature` is 0.
        """
        turns = conversation.turns
        start, features = self._prompt(turns, intent)
        temperature = sampling.temperature
        final = temperature == 0
        if temperature is None:
            temperature = 0.0 if intent == "answer" else TEMPERATURE
        if verb := self.net.config.intent_prefixes.get(intent or ""):
            start = torch.cat([start, torch.tensor(self.net.tokenizer.encode(verb))])
        speaking: dict[str, Any] = {
            "temperature": temperature,
            "top_p": TOP_P if sampling.top_p is None else sampling.top_p,
            "images": False,
            "should_stop": hooks.should_stop,
        }
        seed = sampling.seed
        reply = self.net.generate(
            start, features, seed=seed, on_text=hooks.on_text, session=self._session, **speaking
        )
        said: Intent = intent or "answer"
        if intent is None and int(reply.ids[-1]) == self.net.tokenizer.image_start_id:
            said = self._parsed(reply).intent or _guess(turns)
        if not final:
            reply = self._faithful(reply, start, features, turns[-1].text, said, seed, speaking)
        if said == "answer":
            return self._answer(self._parsed(reply))
        drawn = self._draw(start, reply, features, hooks)
        return self._as_plan(self._parsed(reply), drawn, turns, intent)

    def _faithful(
        self,
        reply: Generation,
        start: Tensor,
        features: Tensor | None,
        asked: str,
        intent: Intent,
        seed: int,
        speaking: dict[str, Any],
    ) -> Generation:
        """`reply`, or the one of a few more with the fewest faults.

        A new picture is held against the user's constraints, others against what they start from.
        """
        new = intent == "generate"
        constraints = [*find_constraints(asked), *find_subjects(asked)] if new else []

        def faults(one: Generation) -> int:
            if new:
                return len(broken(constraints, self._words(one), complete=True))
            return count_contradictions(self._parsed(one))

        if not faults(reply):
            return reply
        more = self.net.generate(
            [start] * TRIES,
            None if features is None else features.repeat(TRIES, 1, 1),
            seed=[seed * TRIES + k for k in range(1, TRIES + 1)],
            **speaking | {"temperature": speaking["temperature"] or TEMPERATURE, "top_p": 0.95},
        )
        # Of the same kind: in words, or with a picture to follow.
        return min([reply, *(m for m in more if m.ids[-1] == reply.ids[-1])], key=faults)

    def _draw(
        self,
        start: Tensor,
        reply: Generation,
        features: Tensor | None,
        hooks: Hooks,
    ) -> Tensor:
        """Visual tokens [64,W] that follow the words of `reply`."""
        tokens = self.net.tokenizer
        begun = torch.cat([start, torch.tensor([*self._said_ids(reply), tokens.image_start_id])])
        drawn = self.net.generate(
            begun,
            features,
            max_new_tokens=len(tokens.image_ids) + 1,
            on_progress=hooks.on_progress,
            should_stop=hooks.should_stop,
            session=self._session,
        )
        return drawn.features[0]

    def _prompt(
        self, turns: Sequence[Turn], intent: Intent | None = None
    ) -> tuple[Tensor, Tensor | None]:
        """The conversation as ids [L] and its pictures' visual tokens [N,64,W]."""
        tokens = self.net.tokenizer
        turns, pictures = self._window(turns)
        ids = [tokens.bos_id]
        for turn in turns:
            parts: list[Part] = [
                IMAGE if isinstance(part, ImagePart) else part.text for part in turn.parts
            ]
            if turn.role == "user":
                if self.capabilities.vocabulary is not None:
                    parts = [plainer(p) if isinstance(p, str) else p for p in parts]
                if (
                    intent == "generate"
                    and turn is turns[-1]
                    and not self.net.config.intent_prefixes
                ):
                    parts = [PAINTING_REQUEST.format(p) if isinstance(p, str) else p for p in parts]
                ids += user_ids(tokens, parts)
            else:
                if parts and isinstance(parts[0], str):
                    parts[0] = self._reply(turn, parts[0])
                ids += reply_ids(tokens, parts)
        features = torch.cat([self._tokens(p) for p in pictures]) if pictures else None
        return torch.tensor(ids), features

    def _window(self, turns: Sequence[Turn]) -> tuple[list[Turn], list[ImagePart]]:
        """What the network reads: all, or of a longer talk the last turn and picture."""
        pictures = [p for turn in turns for p in turn.images]
        if len(pictures) < self.net.config.max_images:
            return list(turns), pictures
        last = turns[-1]
        if not last.images:
            last = Turn(last.id, None, last.role, (pictures[-1], *last.parts), last.record)
        return [last], last.images

    @torch.inference_mode()
    def _tokens(self, picture: ImagePart) -> Tensor:
        """Visual tokens [1,64,W] of a picture: those it was painted from, or what is seen in it."""
        if picture.features is not None:
            return picture.features[None].to(self.net.device, self.net.dtype)
        image = flatten(picture.image)
        key = hashlib.sha256(image.tobytes() + repr(image.size).encode()).hexdigest()
        if key not in self._read:
            pixels = self.net.preprocess([image])
            self._read[key] = self.net.pool(self.net.encode_images(pixels))
            if len(self._read) > _REMEMBERED:
                self._read.popitem(last=False)
        return self._read[key].to(self.net.device, self.net.dtype)

    def _words(self, reply: Generation) -> str:
        return self.net.tokenizer.decode(self._said_ids(reply)).strip()

    def _said_ids(self, reply: Generation) -> list[int]:
        """The ids of a reply that are words."""
        tokens = self.net.tokenizer
        others = {tokens.image_start_id, tokens.image_end_id, *tokens.image_ids, tokens.eos_id}
        return [i for i in reply.ids.tolist() if i not in others]

    def _parsed(self, reply: Generation) -> ReplyText:
        return parse_reply(self._words(reply), self.net.config.intent_prefixes)

    def _reply(self, turn: Turn, text: str) -> str:
        """What the network said in an assistant's turn whose text for the user is `text`."""
        plan, prefixes = turn.record.get("plan"), self.net.config.intent_prefixes
        if not prefixes or not isinstance(plan, dict):
            return text
        parts = from_user_text(text, plan.get("intent"), plan.get("prompt") or "")
        return write_reply(parts, prefixes)

    def _answer(self, reply: ReplyText) -> Plan:
        if not self.net.config.intent_prefixes:
            return Plan("answer", text=write_reply(reply))
        return Plan("answer", prompt=reply.before_arrow, text=reply.result)

    def _as_plan(
        self, reply: ReplyText, draft: Tensor, turns: Sequence[Turn], intent: Intent | None
    ) -> Plan:
        request = turns[-1].text
        intent = intent or reply.intent or _guess(turns)
        # A forced intent's prefix is part of the prompt, so the reply does not repeat it.
        reply = replace(reply, intent=intent)
        return Plan(
            intent,
            prompt=reply.result or request,
            text=reply.for_user,
            changes=(reply.change or request,) if intent == "refine" else (),
            scope="background" if is_background_change(reply.change) else None,
            references=_references(reply.change, turns) if intent == "compose" else (),
            constraints=tuple(find_constraints(request)),
            draft=draft,
        )


def _references(step: str, turns: Sequence[Turn]) -> tuple[Reference, ...]:
    """The images of the last turn that a composition takes from, and puts into."""
    transfer = parse_transfer(step)
    roles: list[tuple[int, str, str]] = []
    if transfer.source is not None:
        roles.append((transfer.source, "subject", transfer.subject))
    if transfer.target is not None:
        roles.append((transfer.target, "base", ""))
    attached, earlier = len(turns[-1].images), sum(len(turn.images) for turn in turns[:-1])
    return tuple(
        Reference(earlier + number, role, what)
        for number, role, what in roles
        if 1 <= number <= attached
    )


def _guess(turns: Sequence[Turn]) -> Intent:
    """What a picture in reply to this talk must be, for a network that does not say."""
    if len(turns[-1].images) > 1:
        return "compose"
    return "refine" if any(turn.images for turn in turns) else "generate"
