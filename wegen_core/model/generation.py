"""Interleaved generation: text by ordinary decoding, pictures as visual tokens fed back in turn.

After `<img>` and after each `<img_k>` the next token is forced, so its logits are never computed:
the hidden state itself becomes visual token k, and its projection is the next input (WeGen, section
3.1). With guidance, an unguided branch that has seen only `<img>` and the visual tokens runs in the
same pass.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from itertools import pairwise
from typing import TYPE_CHECKING, Literal

import torch
from torch import Tensor

from ..records.hooks import OnText, Progress, ShouldStop, check
from .decoding import KVCache, Llama
from .fused_linear import product
from .tokenizer import IncrementalDecoder

if TYPE_CHECKING:
    from .network import WeGen

Features = Literal["aligned", "reference"]


@dataclass(frozen=True)
class Generation:
    """What one prompt led to.

    ids: new token ids [T], the end-of-sequence id included. text: them decoded, without the inside
    of finished images (their `</img>` stays). features: visual tokens [n,64,W] of the n finished
    images. hidden: [T,D], the state from which each new token was predicted.
    """

    ids: Tensor
    text: str
    features: Tensor
    hidden: Tensor


@dataclass(frozen=True)
class Options:
    """How to decode; see `WeGen.generate`."""

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
class Session:
    """The KV cache of one conversation, kept from call to call by the caller.

    A prompt that begins like what the cache holds costs only what is new in it. Visual tokens count
    as the same where their embeddings agree to 1 %.
    """

    cache: KVCache | None = None
    ids: list[int] = field(default_factory=list)
    embeds: list[Tensor] = field(default_factory=list)
    feedback: Callable[[Tensor], Tensor] | None = None  # hidden state -> next input

    def reuse(self, ids: Tensor, embeds: Tensor) -> int:
        """Cut the cache back to the longest common prefix with the prompt; returns its length."""
        if self.cache is None:
            return 0
        shared = min(len(self.ids), len(ids) - 1)
        same = torch.tensor(self.ids[:shared]) == ids[:shared].cpu()
        if shared:
            held = torch.cat(self.embeds)[:shared]
            distance = (held - embeds[:shared]).norm(dim=-1)
            same &= (distance <= 0.01 * embeds[:shared].norm(dim=-1)).cpu()
            self.embeds = [held]
        kept = shared if bool(same.all()) else int(same.int().argmin())
        self.ids, self.embeds = self.ids[:kept], [e[:kept] for e in self.embeds]
        self.cache.truncate(kept)
        return kept

    def extend(self, ids: list[int], embeds: Tensor) -> None:
        """Note what was fed: ids [q] and their embeddings [q,D]."""
        self.ids += ids
        self.embeds.append(embeds)


@dataclass
class _Row:
    """One sequence under way."""

    ids: list[int]
    last: int
    states: list[Tensor] = field(default_factory=list)  # behind its visual tokens, [D] each
    late: list[Tensor] = field(default_factory=list)  # the same by the published convention
    done: bool = False


class Decoder:
    """The loop over tokens of a batch of prompts."""

    def __init__(
        self,
        net: WeGen,
        prompts: Sequence[tuple[Tensor, Tensor]],
        options: Options,
        session: Session | None = None,
    ) -> None:
        """prompts: per row, ids [L] and input embeddings [L,D]."""
        self.llama = Llama(net.llm)
        self.net, self.options = net, options
        self.session = session or Session()
        self.rows = [_Row([], int(ids[-1])) for ids, _ in prompts]
        tokens = net.tokenizer
        chain = [tokens.image_start_id, *tokens.image_ids, tokens.image_end_id]
        self.forced = dict(zip(chain, chain[1:], strict=False))
        self.index = {token: k for k, token in enumerate(tokens.image_ids)}
        self.closed = torch.tensor(chain[1:], device=net.device)
        self.last = {tokens.eos_id} if options.images else {tokens.eos_id, tokens.image_start_id}
        self.unguided: KVCache | None = None
        if options.guidance != 1.0:
            self.unguided = KVCache(net.llm, len(self.rows))
        self.states: list[Tensor] = []
        self.generators = [_generator(options, i) for i in range(len(self.rows))]
        self.state, self.unguided_state = self._prefill(prompts)

    def _prefill(self, prompts: Sequence[tuple[Tensor, Tensor]]) -> tuple[Tensor, Tensor | None]:
        """Feed the prompts; returns the last hidden states [B,D] of both branches."""
        net, session = self.net, self.session
        first_ids, first = prompts[0]
        alike = all(
            torch.equal(ids, first_ids) and torch.equal(embeds, first) for ids, embeds in prompts
        )
        if alike:
            start = session.reuse(first_ids, first)
            self.cache = session.cache or KVCache(net.llm, 1)
            session.cache = self.cache
            state = self.llama.advance(first[None, start:], [self.cache], [None])
            session.extend(first_ids[start:].tolist(), first[start:])
            if len(prompts) > 1:
                self.cache = KVCache(net.llm, len(prompts), prefix=self.cache)
                state = state.expand(len(prompts), -1)
        else:
            self.cache = KVCache(net.llm, len(prompts))
            longest = max(len(e) for _, e in prompts)
            embeds = first.new_zeros(len(prompts), longest, first.shape[-1])
            valid = torch.zeros(len(prompts), longest, dtype=torch.bool, device=net.device)
            for i, (_, row) in enumerate(prompts):
                embeds[i, longest - len(row) :] = row
                valid[i, longest - len(row) :] = True
            state = self.llama.advance(embeds, [self.cache], [valid])
        return state, self._open_images(torch.stack([e[-1] for _, e in prompts]))

    def _open_images(self, embeds: Tensor) -> Tensor | None:
        """Start the unguided branch of prompts that already end with `<img>`."""
        active = [row.last == self.net.tokenizer.image_start_id for row in self.rows]
        if self.unguided is None or not any(active):
            return None
        return self.llama.advance(embeds[:, None], [self.unguided], [self._real(active)])

    def run(
        self, on_text: OnText | None, on_progress: Progress | None, should_stop: ShouldStop | None
    ) -> list[Generation]:
        stream = IncrementalDecoder(self.net.tokenizer)
        room = self.net.context_length - self.cache.end
        limit = min(self.options.max_new_tokens, room)
        for step in range(limit):
            check(should_stop)
            chosen = self._choose()
            embeds = self._embed(chosen)
            if on_text is not None and not self.rows[0].done:
                _emit(on_text, stream, chosen[0], self.forced)
            if on_progress is not None:
                self._report(on_progress)
            for row, token in zip(self.rows, chosen, strict=True):
                row.done = row.done or token in self.last
            if all(row.done for row in self.rows) or step + 1 == limit:
                break  # nothing follows the last token: it is not fed
            self._feed(chosen, embeds)
        hidden = torch.stack(self.states, dim=1)
        return [self._finish(row, hidden[i]) for i, row in enumerate(self.rows)]

    def _choose(self) -> list[int]:
        """The next token of every row, forced or free; notes the hidden states behind it."""
        chosen = [self.forced.get(row.last, -1) for row in self.rows]
        free = [
            i for i, row in enumerate(self.rows) if row.last not in self.forced and not row.done
        ]
        if free:
            logits = self.net.llm.lm_head(self.state[free]).float()
            # Published for greedy decoding: 0, so they can win. Sampling never draws them.
            logits[:, self.closed] = -torch.inf if self.options.temperature else 0.0
            for i, scores in zip(free, logits, strict=True):
                chosen[i] = _pick(scores, self.options, self.generators[i])
        for i, row in enumerate(self.rows):
            if row.done:
                chosen[i] = self.net.tokenizer.eos_id
                continue
            row.ids.append(chosen[i])
        self.states.append(self.state)
        return chosen

    def _embed(self, chosen: list[int]) -> Tensor:
        """Input embeddings [B,D] of the chosen tokens; visual ones come from the hidden states."""
        visual = [i for i, t in enumerate(chosen) if t in self.index and not self.rows[i].done]
        if len(visual) == len(chosen):
            embeds = self._visual(visual)
        else:
            ids = torch.tensor(chosen, device=self.net.device)
            embeds = self.net.llm.model.embed_tokens(ids)
            if visual:
                embeds[visual] = self._visual(visual)[visual]
        if self.options.features == "reference":
            self._note_late(chosen)
        return embeds

    def _visual(self, visual: list[int]) -> Tensor:
        """The states [B,D], guided and as inputs; notes those of the `visual` rows."""
        state = self.state
        if self.unguided_state is not None:
            state = self.unguided_state.lerp(state, self.options.guidance)
        for i in visual:
            self.rows[i].states.append(state[i])
        if self.session.feedback is None:
            self.session.feedback = product(self.net.output_projector, self.net.input_projector)
        return self.session.feedback(state)

    def _note_late(self, chosen: list[int]) -> None:
        """The published convention: one position late and never guided."""
        end = self.net.tokenizer.image_end_id
        for i, token in enumerate(chosen):
            row = self.rows[i]
            closes = token == end and row.last == self.net.tokenizer.image_ids[-1]
            if not row.done and (self.index.get(token, 0) > 0 or closes):
                row.late.append(self.state[i])

    def _feed(self, chosen: list[int], embeds: Tensor) -> None:
        """One step of both branches."""
        net, rows = self.net, self.rows
        caches, x = [self.cache], embeds[:, None]
        valid = [self._real([not row.done for row in rows])]
        starts = [t == net.tokenizer.image_start_id for t in chosen]
        # The unguided branch reads `<img>` and all visual tokens but the last.
        inside = [
            not row.done and (start or -1 < self.index.get(t, -1) < len(self.index) - 1)
            for row, t, start in zip(rows, chosen, starts, strict=True)
        ]
        if self.unguided is not None and any(inside):
            if any(starts) and self.options.features == "aligned":
                self._fresh(self.unguided, starts)
            caches.append(self.unguided)
            valid.append(self._real(inside))
            x = torch.cat([x, x])
        hidden = self.llama.advance(x, caches, valid)
        self.state = hidden[: len(rows)]
        self.unguided_state = hidden[len(rows) :] if len(caches) > 1 else None
        if len(rows) == 1:
            self.session.extend(chosen, embeds)
        for row, token in zip(rows, chosen, strict=True):
            row.last = token

    def _real(self, rows: list[bool]) -> Tensor | None:
        """Which rows' next token counts, as `Llama.advance` takes it."""
        return None if all(rows) else torch.tensor(rows, device=self.net.device)[:, None]

    def _fresh(self, unguided: KVCache, starts: list[bool]) -> None:
        """A new image starts with an unguided context of its own."""
        if all(starts):
            unguided.truncate(0)
        else:
            unguided.restart(torch.tensor(starts, device=self.net.device))

    def _report(self, on_progress: Progress) -> None:
        row = self.rows[0]
        step = self.index.get(row.ids[-1], -1) + 1
        if step and not row.done:
            on_progress("tokens", step, len(self.index), None)

    def _finish(self, row: _Row, hidden: Tensor) -> Generation:
        tokens, size = self.net.tokenizer, len(self.index)
        closing = (tokens.image_ids[-1], tokens.image_end_id)
        count = sum(pair == closing for pair in pairwise(row.ids))
        kept = row.late if self.options.features == "reference" else row.states
        count = min(count, len(kept) // size)
        features = self.state.new_zeros(0, size, self.net.config.vision.width)
        if count:
            states = torch.stack(kept[: count * size])
            features = self.net.output_projector(states).view(count, size, -1)
        start, end = tokens.image_start_id, tokens.image_end_id
        text = tokens.decode(_without_images(row.ids, self.forced, start, end))
        return Generation(torch.tensor(row.ids), text, features, hidden[: len(row.ids)])


def _without_images(ids: list[int], chain: dict[int, int], start: int, end: int) -> list[int]:
    """`ids` without `<img>`, and without the `<img_k>` of images that were finished."""
    kept: list[int] = []
    opened = 0
    for token in ids:
        if token == end:
            del kept[opened:]
        if token != start:
            kept.append(token)
        if token not in chain or token == start:
            opened = len(kept)
    return kept


def _generator(options: Options, row: int) -> torch.Generator | None:
    if options.temperature == 0:
        return None
    generator = torch.Generator()
    if options.seeds:
        generator.manual_seed(options.seeds[row])
    else:
        generator.seed()
    return generator


def _pick(scores: Tensor, options: Options, generator: torch.Generator | None) -> int:
    """Greedy, or temperature and nucleus sampling (arXiv 1904.09751), from logits [V]."""
    if generator is None:
        return int(scores.argmax())
    probabilities, order = (scores.cpu() / options.temperature).softmax(-1).sort(descending=True)
    before = probabilities.cumsum(-1) - probabilities
    probabilities = probabilities.masked_fill(before >= options.top_p, 0.0)
    return int(order[torch.multinomial(probabilities, 1, generator=generator)])


def _emit(on_text: OnText, stream: IncrementalDecoder, token: int, forced: dict[int, int]) -> None:
    if token in forced:
        return
    piece = stream.push(token)
    if piece:
        on_text(piece)
