"""Interleaved generation: text by ordinary decoding, images as visual tokens that are fed back.

After `<img>` and after each `<img_k>` the next token is forced, so its logits are never computed:
the hidden state itself becomes visual token k, and its projection is the next input (WeGen, section
3.1). With guidance, an unguided branch that has read only `<img>` and the visual tokens runs in the
same pass.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from itertools import pairwise
from typing import Any, Literal

import torch
from torch import Tensor, nn

from ..records.hooks import NO_HOOKS, Hooks
from .decoding import KVCache, Llama
from .fused_linear import chain
from .tokenizer import IncrementalDecoder, Tokenizer

Features = Literal["aligned", "reference"]


@dataclass(frozen=True)
class Generation:
    """What one prompt led to.

    Parameters
    ----------
    ids
        [T], the new token ids, with the end-of-sequence id.
    text
        The same, decoded, without the inside of finished images (their `</img>` stays).
    features
        [n,64,W], the visual tokens of the n finished images.
    hidden
        [T,D], the state from which each new token was predicted.
    """

    ids: Tensor
    text: str
    features: Tensor
    hidden: Tensor


@dataclass(frozen=True)
class Options:
    """How to decode; see `Network.generate`. `seeds`: one per prompt, or none."""

    guidance: float = 1.0
    max_new_tokens: int = 512
    features: Features = "aligned"
    temperature: float = 0.0
    top_p: float = 1.0
    seeds: Sequence[int] = ()
    images: bool = True

    def __post_init__(self) -> None:
        if self.max_new_tokens < 1:
            raise ValueError(f"max_new_tokens is {self.max_new_tokens}; it must be at least 1")
        if self.features not in ("aligned", "reference"):
            raise ValueError(f"features is {self.features!r}; use 'aligned' or 'reference'")
        if self.temperature < 0 or not 0 < self.top_p <= 1:
            raise ValueError(
                f"temperature {self.temperature} must be >= 0 and top_p {self.top_p} in (0, 1]"
            )


@dataclass
class ConversationCache:
    """The KV cache of one conversation, kept from call to call by the caller.

    Of a prompt that begins like what the cache holds, only the rest is computed. Visual tokens
    count as the same where their embeddings agree to 1 %.

    Parameters
    ----------
    keys_values
        None before the first call.
    ids
        What was fed.
    embeds
        The embeddings of the ids, in pieces [q,D].
    feedback
        Hidden state -> next input, made by the first call.
    """

    keys_values: KVCache | None = None
    ids: list[int] = field(default_factory=list)
    embeds: list[Tensor] = field(default_factory=list)
    feedback: Callable[[Tensor], Tensor] | None = None

    def reuse(self, ids: Tensor, embeds: Tensor) -> int:
        """Cut the cache back to its longest common prefix with the prompt, and return its length.

        At least the prompt's last token stays to be fed.
        """
        if self.keys_values is None:
            return 0
        length = min(len(self.ids), len(ids) - 1)
        if length:
            cached = torch.cat(self.embeds)[:length]
            distance = (cached - embeds[:length]).norm(dim=-1)
            same = torch.tensor(self.ids[:length]) == ids[:length].cpu()
            same &= (distance <= 0.01 * embeds[:length].norm(dim=-1)).cpu()
            length = length if bool(same.all()) else int(same.int().argmin())
            self.embeds = [cached]
        self.ids, self.embeds = self.ids[:length], [e[:length] for e in self.embeds]
        self.keys_values.truncate(length)
        return length

    def extend(self, ids: list[int], embeds: Tensor) -> None:
        """Note what was fed: ids [q] and their embeddings [q,D]."""
        self.ids += ids
        self.embeds.append(embeds)


@dataclass
class _Row:
    """One sequence under way."""

    last: int  # the newest token, at first the prompt's last
    ids: list[int] = field(default_factory=list)  # the new tokens
    states: list[Tensor] = field(default_factory=list)  # [D], what became its visual tokens
    reference_states: list[Tensor] = field(default_factory=list)  # the same as published: late
    done: bool = False  # it has ended, others have not


class Decoder:
    """Continues a batch of prompts, token by token.

    Parameters
    ----------
    llm
        transformers' LlamaForCausalLM.
    tokenizer
        Knows which tokens are visual.
    input_projector, output_projector
        Visual token -> input embedding; hidden state -> visual token.
    """

    def __init__(
        self,
        llm: Any,
        tokenizer: Tokenizer,
        input_projector: nn.Linear,
        output_projector: nn.Linear,
        options: Options,
    ) -> None:
        self.llm = llm
        self.llama = Llama(llm)
        self.tokenizer = tokenizer
        self.input_projector, self.output_projector = input_projector, output_projector
        self.options = options
        self.device = llm.model.embed_tokens.weight.device
        # <img> <img_0> ... </img>: each is forced to follow the one before, and only by it.
        self.forced = dict(pairwise(tokenizer.image_block()))
        self.index = {token: k for k, token in enumerate(tokenizer.image_ids)}
        self.ends = {tokenizer.eos_id}
        if not options.images:
            self.ends.add(tokenizer.image_start_id)

    def run(
        self,
        prompts: Sequence[tuple[Tensor, Tensor]],
        conversation: ConversationCache | None = None,
        hooks: Hooks = NO_HOOKS,
    ) -> list[Generation]:
        """Continue prompts, each given as ids [L] and input embeddings [L,D].

        `conversation` takes part where all prompts are the same.
        """
        options, tokenizer = self.options, self.tokenizer
        image_start = tokenizer.image_start_id
        rows = [_Row(int(ids[-1])) for ids, _ in prompts]
        generators = [_generator(options, i) for i in range(len(rows))]
        stream = IncrementalDecoder(tokenizer)
        states: list[Tensor] = []

        # 1) Prefill the prompts. `state` [B,D] is what the next tokens are predicted from.
        conversation = conversation or ConversationCache()
        if conversation.feedback is None:
            conversation.feedback = chain(self.output_projector, self.input_projector)
        cache, state = self._prefill(prompts, conversation)

        # 2) Where a prompt ends with <img>, the unguided branch starts with the same token.
        unguided = None if options.guidance == 1.0 else KVCache(self.llm, len(rows))
        unguided_state = None
        starts = [row.last == image_start for row in rows]
        if unguided is not None and any(starts):
            last = torch.stack([embeds[-1] for _, embeds in prompts])
            unguided_state = self.llama.advance(last[:, None], [unguided], [self._active(starts)])

        limit = min(options.max_new_tokens, self.llama.context_length - cache.end)
        for step in range(limit):
            hooks.check_stop()
            states.append(state)

            # 3) Choose the next token of every row: forced inside images, else from the logits.
            chosen = self._choose(rows, state, generators)

            # 4) Embed them; visual tokens come from the hidden states, guided.
            guided = state
            if unguided_state is not None:
                guided = unguided_state.lerp(state, options.guidance)
            embeds = self._embed(rows, chosen, state, guided, conversation.feedback)

            # 5) Report the first row, and see which rows have ended.
            if not rows[0].done:
                token = chosen[0]
                if hooks.on_text and token not in self.forced and (piece := stream.push(token)):
                    hooks.on_text(piece)
                if hooks.on_progress and token in self.index:
                    hooks.on_progress("tokens", self.index[token] + 1, len(self.index), None)
            for row, token in zip(rows, chosen, strict=True):
                row.done = row.done or token in self.ends
            if all(row.done for row in rows) or step + 1 == limit:
                break  # nothing follows the last token, so it is not fed

            # 6) Feed them to both branches in one pass. The unguided one reads <img> and all visual
            #    tokens but the last; each image starts it anew, except in the reference's way.
            caches, x = [cache], embeds[:, None]
            valid = [self._active([not row.done for row in rows])]
            starts = [token == image_start for token in chosen]
            reads = [
                not row.done and (start or -1 < self.index.get(token, -1) < len(self.index) - 1)
                for row, token, start in zip(rows, chosen, starts, strict=True)
            ]
            if unguided is not None and any(reads):
                if options.features == "aligned" and all(starts):
                    unguided.truncate(0)
                elif options.features == "aligned" and any(starts):
                    unguided.restart(torch.tensor(starts, device=self.device))
                caches.append(unguided)
                valid.append(self._active(reads))
                x = torch.cat([x, x])
            hidden = self.llama.advance(x, caches, valid)
            state = hidden[: len(rows)]
            unguided_state = hidden[len(rows) :] if len(caches) > 1 else None
            if len(rows) == 1:
                conversation.extend(chosen, embeds)
            for row, token in zip(rows, chosen, strict=True):
                row.last = token

        # 7) Collect text and visual tokens.
        hidden = torch.stack(states, dim=1)
        return [self._finish(row, hidden[i]) for i, row in enumerate(rows)]

    def _prefill(
        self, prompts: Sequence[tuple[Tensor, Tensor]], conversation: ConversationCache
    ) -> tuple[KVCache, Tensor]:
        """Feed the prompts; equal ones are fed once, and their rows share the cache."""
        count = len(prompts)
        first_ids, first = prompts[0]
        if all(torch.equal(i, first_ids) and torch.equal(e, first) for i, e in prompts):
            start = conversation.reuse(first_ids, first)
            cache = conversation.keys_values or KVCache(self.llm, 1)
            conversation.keys_values = cache
            state = self.llama.advance(first[None, start:], [cache], [None])
            conversation.extend(first_ids[start:].tolist(), first[start:])
            if count > 1:
                cache = KVCache(self.llm, count, prefix=cache)
                state = state.expand(count, -1)
            return cache, state
        # Others are padded on the left, so that all end at the same slot.
        longest = max(len(embeds) for _, embeds in prompts)
        padded = first.new_zeros(count, longest, first.shape[-1])
        valid = torch.zeros(count, longest, dtype=torch.bool, device=self.device)
        for i, (_, embeds) in enumerate(prompts):
            padded[i, longest - len(embeds) :] = embeds
            valid[i, longest - len(embeds) :] = True
        cache = KVCache(self.llm, count)
        return cache, self.llama.advance(padded, [cache], [valid])

    def _choose(
        self, rows: list[_Row], state: Tensor, generators: list[torch.Generator | None]
    ) -> list[int]:
        """The next token of every row; rows that have ended get `</s>`, which is not kept."""
        free = [i for i, row in enumerate(rows) if not row.done and row.last not in self.forced]
        chosen = [self.forced.get(row.last, self.tokenizer.eos_id) for row in rows]
        if free:
            logits = self.llm.lm_head(state[free]).float()
            logits = close_image_tokens(logits, self.tokenizer, bool(self.options.temperature))
            for i, row_logits in zip(free, logits, strict=True):
                chosen[i] = _pick(row_logits, self.options, generators[i])
        for i, row in enumerate(rows):
            if row.done:
                chosen[i] = self.tokenizer.eos_id
            else:
                row.ids.append(chosen[i])
        return chosen

    def _embed(
        self,
        rows: list[_Row],
        chosen: list[int],
        state: Tensor,
        guided: Tensor,
        feedback: Callable[[Tensor], Tensor],
    ) -> Tensor:
        """Input embeddings [B,D] of the chosen tokens; notes the states behind visual ones.

        The hidden state is the visual token: projected out and in again, it is the next input.
        """
        visual = [i for i, t in enumerate(chosen) if t in self.index and not rows[i].done]
        for i in visual:
            rows[i].states.append(guided[i])
        if len(visual) == len(rows):
            embeds = feedback(guided)
        else:
            embeds = self.llm.model.embed_tokens(torch.tensor(chosen, device=self.device))
            if visual:
                embeds[visual] = feedback(guided[visual])
        if self.options.features == "reference":  # one position late, and never guided
            for row, token, row_state in zip(rows, chosen, state, strict=True):
                is_last = row.last == self.tokenizer.image_ids[-1]
                closes = token == self.tokenizer.image_end_id and is_last
                if not row.done and (self.index.get(token, 0) > 0 or closes):
                    row.reference_states.append(row_state)
        return embeds

    def _active(self, rows: list[bool]) -> Tensor | None:
        """Which rows' next token counts, bool [B,1] as `Llama.advance` takes it; None: all."""
        return None if all(rows) else torch.tensor(rows, device=self.device)[:, None]

    def _finish(self, row: _Row, hidden: Tensor) -> Generation:
        tokenizer, size = self.tokenizer, len(self.index)
        closing = (tokenizer.image_ids[-1], tokenizer.image_end_id)
        states = row.reference_states if self.options.features == "reference" else row.states
        count = min(sum(pair == closing for pair in pairwise(row.ids)), len(states) // size)
        finished = torch.stack(states[: count * size]) if count else hidden[:0]
        features = self.output_projector(finished).unflatten(0, (count, size))
        text = tokenizer.decode(_without_images(row.ids, tokenizer))
        return Generation(torch.tensor(row.ids), text, features, hidden[: len(row.ids)])


def close_image_tokens(logits: Tensor, tokenizer: Tokenizer, is_sampling: bool) -> Tensor:
    """Keep `<img_k>` and `</img>` from following anything but their image: logits [n,V].

    As published they get 0 in greedy decoding, so that they win where all others are negative.
    Sampling never draws them.
    """
    closed = torch.tensor([*tokenizer.image_ids, tokenizer.image_end_id], device=logits.device)
    return logits.index_fill(-1, closed, -torch.inf if is_sampling else 0.0)


def _without_images(ids: list[int], tokenizer: Tokenizer) -> list[int]:
    """`ids` without `<img>`, and without the `<img_k>` of images that were finished."""
    visual = set(tokenizer.image_ids)
    words: list[int] = []
    image_begin = 0  # where in `words` the newest run of visual tokens begins
    for token in ids:
        if token == tokenizer.image_start_id:
            image_begin = len(words)
            continue
        if token == tokenizer.image_end_id:
            del words[image_begin:]
        words.append(token)
        if token not in visual:
            image_begin = len(words)
    return words


def _generator(options: Options, row: int) -> torch.Generator | None:
    if options.temperature == 0:
        return None
    generator = torch.Generator()
    if options.seeds:
        generator.manual_seed(options.seeds[row])
    else:
        generator.seed()
    return generator


def _pick(logits: Tensor, options: Options, generator: torch.Generator | None) -> int:
    """Choose greedily, or by temperature and nucleus sampling (arXiv 1904.09751), from [V]."""
    if generator is None:
        return int(logits.argmax())
    probabilities, order = (logits.cpu() / options.temperature).softmax(-1).sort(descending=True)
    before = probabilities.cumsum(-1) - probabilities
    probabilities = probabilities.masked_fill(before >= options.top_p, 0.0)
    return int(order[torch.multinomial(probabilities, 1, generator=generator)])
