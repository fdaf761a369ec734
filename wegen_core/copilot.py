"""Copilot: plan -> paint -> preserve, over one model that understands and one that paints."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, Literal, cast, get_args

from PIL import Image

from .pipeline import Made, better, looked_at, not_known, preserved, report, within
from .planning import requests as turns
from .planning.references import assigned, given_references, with_base
from .planning.undo import undone
from .planning.verification import stressed, summary
from .records.conversation import Conversation, ImagePart
from .records.results import Composed, Drawn, Refined, Reply, Report

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from .mllm import MLLM
    from .painting import Painter
    from .records.hooks import OnText, Progress, ShouldStop
    from .records.plan import Intent, Plan, Reference
    from .rewriting import Rewrite

# A wish of fewer words leaves open what the picture is: it is rewritten, differently for each
# picture. A longer one is drawn as said.
VAGUE_WORDS = 8

Check = Literal["off", "report", "repaint"]


@dataclass(frozen=True)
class _Callbacks:
    on_text: OnText | None = None
    on_progress: Progress | None = None
    should_stop: ShouldStop | None = None


class Copilot:
    """Talks, draws, and changes pictures by a sentence.

    Every method that runs a model takes on_text (each new piece of text), on_progress and
    should_stop (see `wegen_core.progress`); `Stopped` is raised when the latter says True. Pictures
    may be PIL images, arrays or tensors (see `wegen_core.images.convert.to_pil`). The same seed gives the
    same result. Raises ValueError for empty text and for pictures that are none.
    """

    def __init__(
        self, mllm: MLLM, painter: Painter, net: Any = None, *, check: Check = "off"
    ) -> None:
        """net: the one network behind both, for those who move it between devices; else None.

        check: "report": the MLLM looks at every picture and answers, one by one, whether it has
        what was asked for. "repaint": where it has not, it is painted once more with that stressed,
        and the better one is kept. Skipped, and said to be, if the MLLM does not see.
        """
        if check not in get_args(Check):
            raise ValueError(f"check is {check!r}; use one of {', '.join(get_args(Check))}")
        self.mllm = mllm
        self.painter = painter
        self.net = net
        self.check: Check = check

    def chat(
        self,
        conversation: Conversation,
        message: str,
        images: Any = (),
        *,
        seed: int = 0,
        on_text: OnText | None = None,
        on_progress: Progress | None = None,
        should_stop: ShouldStop | None = None,
    ) -> Reply:
        """Answer `message`, in words or with a picture, and add both turns to `conversation`.

        images: pictures shown with the message. If anything fails or is stopped, `conversation` is
        left as it was. "Undo that" adds nothing: see `wegen_core.undo`.
        """
        if reply := undone(conversation, message):
            return reply
        branch = turns.chatting(conversation, message, images)
        callbacks = _Callbacks(on_text, on_progress, should_stop)
        reply = self._step(branch, seed, None, None, callbacks)
        conversation.adopt(branch)
        return reply

    def rewrite(
        self,
        prompt: str,
        n: int = 4,
        seed: int = 0,
        creativity: float = 0.7,
        *,
        should_stop: ShouldStop | None = None,
    ) -> list[Rewrite]:
        """`n` different full prompts for one wish; creativity 0..1 says how much is added."""
        from .rewriting import rewrite

        turns.require(prompt, "prompt", "say what to draw")
        _require_count(n)
        return rewrite(prompt, n, seed, creativity, mllm=self.mllm, should_stop=should_stop)

    def generate(
        self,
        prompt: str,
        n: int = 1,
        seed: int = 0,
        *,
        size: tuple[int, int] | None = None,
        steps: int | None = None,
        guidance: float | None = None,
        on_text: OnText | None = None,
        on_progress: Progress | None = None,
        should_stop: ShouldStop | None = None,
    ) -> list[Image.Image]:
        """`n` pictures of `prompt`, painted as one batch.

        A vague prompt is rewritten differently for each; picture k does not depend on n. size,
        steps and guidance None: the painter's own values.
        """
        callbacks = _Callbacks(on_text, on_progress, should_stop)
        drawn = self.draw(
            prompt, n, seed, size=size, steps=steps, guidance=guidance, **vars(callbacks)
        )
        return [d.image for d in drawn]

    def draw(
        self,
        prompt: str,
        n: int = 1,
        seed: int = 0,
        *,
        size: tuple[int, int] | None = None,
        steps: int | None = None,
        guidance: float | None = None,
        on_text: OnText | None = None,
        on_progress: Progress | None = None,
        should_stop: ShouldStop | None = None,
    ) -> list[Drawn]:
        """As `generate`, with the plan and the report of each picture."""
        told: dict[str, Any] = {"on_progress": on_progress, "should_stop": should_stop}
        plans = self.plan_pictures(prompt, n, seed, on_text=on_text, **told)
        seeds = picture_seeds(seed, n)
        painting = {"size": size, "steps": steps, "guidance": guidance, **told}
        drawn = []
        images = self.painter.paint(plans, [], seeds=seeds, **painting)
        for image, plan, own in zip(images, plans, seeds, strict=True):

            def again(plan: Plan, own: int = own) -> Made:
                return Made(plan, self.painter.paint([plan], [], seeds=[own], **painting)[0])

            made = self._checked(Made(plan, image), again, own, should_stop)
            drawn.append(Drawn(made.image, made.plan, self.report(made.plan, made, own)))
        return drawn

    def plan_pictures(
        self,
        prompt: str,
        n: int = 1,
        seed: int = 0,
        *,
        on_text: OnText | None = None,
        on_progress: Progress | None = None,
        should_stop: ShouldStop | None = None,
    ) -> list[Plan]:
        """The first half of `draw`: one plan for each picture."""
        turns.require(prompt, "prompt", "say what to draw")
        _require_count(n)
        wishes = [prompt] * n
        if _is_vague(prompt):
            wishes = [r.prompt for r in self.rewrite(prompt, n, seed, should_stop=should_stop)]
        callbacks = _Callbacks(on_text, on_progress, should_stop)
        plans: list[Plan] = []
        for wish, own in zip(wishes, picture_seeds(seed, n), strict=True):
            if plans and on_text is not None:
                on_text("\n")
            talk = Conversation()
            talk.add("user", wish)
            plans.append(self._planned(talk, "generate", own, callbacks))
        return [
            self._heard(plan, prompt, on_text if k == 0 else None) for k, plan in enumerate(plans)
        ]

    def refine(
        self,
        image: Any,
        instruction: str,
        mask: Any = None,
        seed: int = 0,
        *,
        on_text: OnText | None = None,
        on_progress: Progress | None = None,
        should_stop: ShouldStop | None = None,
    ) -> Refined:
        """Change one picture as `instruction` says; the rest comes back bit-exact.

        mask: where changes are allowed (above half), in the picture's frame; None: anywhere.
        """
        talk = turns.refining(image, instruction)
        callbacks = _Callbacks(on_text, on_progress, should_stop)
        reply = self._step(talk, seed, "refine", mask, callbacks)
        changed = cast(Image.Image, reply.change_mask)  # a refinement always has a source
        return Refined(reply.images[0], changed, reply.report, reply.plan)

    def compose(
        self,
        images: Any,
        instruction: str,
        seed: int = 0,
        *,
        references: Sequence[Reference] = (),
        on_text: OnText | None = None,
        on_progress: Progress | None = None,
        should_stop: ShouldStop | None = None,
    ) -> Composed:
        """One picture out of several, numbered from 1 in `instruction`; at most 9.

        references: what single pictures give, where to and how strongly; this counts more than what
        the MLLM makes of the instruction. If the instruction names the picture to put things into,
        the rest of that one stays as it is, bit-exact. Raises ValueError if a picture is named that
        was not given.
        """
        talk = turns.composing(images, instruction, references)
        callbacks = _Callbacks(on_text, on_progress, should_stop)
        reply = self._step(talk, seed, "compose", None, callbacks)
        return Composed(reply.images[0], reply.report, reply.plan, reply.change_mask)

    def ask(
        self,
        images: Any,
        question: str,
        seed: int = 0,
        *,
        on_text: OnText | None = None,
        on_progress: Progress | None = None,
        should_stop: ShouldStop | None = None,
    ) -> str:
        """The answer, in words, to a question about one or several pictures."""
        talk = turns.asking(images, question)
        callbacks = _Callbacks(on_text, on_progress, should_stop)
        return self.plan_turn(talk, "answer", seed, **vars(callbacks)).text

    def plan_turn(
        self,
        talk: Conversation,
        intent: Intent | None = None,
        seed: int = 0,
        *,
        on_text: OnText | None = None,
        on_progress: Progress | None = None,
        should_stop: ShouldStop | None = None,
    ) -> Plan:
        """The plan for the last turn of `talk`, the user's; `intent` forces its kind."""
        plan = self._planned(talk, intent, seed, _Callbacks(on_text, on_progress, should_stop))
        return self._heard(plan, talk.turns[-1].text, on_text)

    def _planned(
        self, talk: Conversation, intent: Intent | None, seed: int, callbacks: _Callbacks
    ) -> Plan:
        plan = self.mllm.plan(talk, n=1, intent=intent, seed=seed, **vars(callbacks))[0]
        if intent not in (None, plan.intent):
            raise RuntimeError(
                f"{self.mllm.name} planned {plan.intent!r} where {intent!r} was asked for"
            )
        return with_base(assigned(plan, given_references(talk.turns[-1])), talk)

    def _heard(self, plan: Plan, said: str, on_text: OnText | None) -> Plan:
        """`plan` with those words of the user that the MLLM does not know, which are told."""
        unknown = getattr(self.mllm, "unknown", None)
        if unknown is None:
            return plan
        plan = replace(plan, unknown=unknown(said))
        if plan.unknown and on_text is not None:
            on_text(f"\n{not_known(self.mllm.name, plan)}")
        return plan

    @property
    def looks(self) -> bool:
        """Whether pictures are checked: it was asked for, and the MLLM sees."""
        return self.check != "off" and getattr(self.mllm, "pictures", 0) != 0

    def look_at(
        self, made: Made, asked: Plan, seed: int = 0, should_stop: ShouldStop | None = None
    ) -> Made:
        """`made`, checked for what was `asked`, if the copilot looks."""
        if not self.looks:
            return made
        return looked_at(self.mllm, made, asked, seed=seed, should_stop=should_stop)

    def reply(self, talk: Conversation, plan: Plan, made: Made | None, seed: int) -> Reply:
        """Add the assistant's turn to `talk`: the picture that was made, or the plan's answer."""
        text = plan.text or plan.prompt
        report = self.report(plan, made, seed)
        # A picture keeps the network's own tokens: the next turn need not read it again.
        shown = [] if made is None else [ImagePart(made.image, plan.draft)]
        talk.add("assistant", text, *shown, record=report.data)
        mask = None if made is None else made.change_mask
        notes = [not_known(self.mllm.name, plan)] if plan.unknown else []
        if mask is not None and mask.getbbox() is None:
            notes.append("Nothing in the picture has changed.")
        text = "\n".join([text, *notes])
        return Reply(text, [p.image for p in shown], plan, report, mask)

    def report(self, plan: Plan, made: Made | None, seed: int) -> Report:
        """What was planned, painted, kept and found."""
        check = None
        if made is not None and self.check != "off":
            check = summary(self.mllm.name, made.findings)
        names = {"mllm": self.mllm.name, "painter": self.painter.name}
        return report(plan, made, seed=seed, check=check, **names)

    def _step(
        self,
        talk: Conversation,
        seed: int,
        intent: Intent | None,
        mask: Any,
        callbacks: _Callbacks,
    ) -> Reply:
        """Answer the last user turn of `talk` and add the assistant's turn to it."""
        plan = self.plan_turn(talk, intent, seed, **vars(callbacks))
        if plan.intent == "answer":
            return self.reply(talk, plan, None, seed)
        pictures = [p.image for p in talk.images]
        plan = within(plan, pictures, mask)

        def make(plan: Plan) -> Made:
            painted = self.painter.paint(
                [plan],
                pictures,
                seeds=[seed],
                on_progress=callbacks.on_progress,
                should_stop=callbacks.should_stop,
            )[0]
            aligned = getattr(self.painter, "aligned", False)
            return preserved(
                plan,
                painted,
                pictures,
                mask,
                aligned=aligned,
                should_stop=callbacks.should_stop,
            )

        made = self._checked(make(plan), make, seed, callbacks.should_stop)
        return self.reply(talk, made.plan, made, seed)

    def _checked(
        self,
        made: Made,
        again: Callable[[Plan], Made],
        seed: int,
        should_stop: ShouldStop | None,
    ) -> Made:
        """`made`, looked at; or what `again` makes of a plan that stresses what failed."""
        made = self.look_at(made, made.plan, seed, should_stop)
        if not made.failed or self.check == "report":
            return made
        # The second picture answers for what the first was asked, not for its own longer plan.
        second = again(stressed(made.plan, made.failed))
        return better(made, self.look_at(second, made.plan, seed, should_stop))


def picture_seeds(seed: int, n: int) -> list[int]:
    """The seeds of `n` pictures: the first is `seed`; no seed depends on n."""
    return [seed] + [
        int.from_bytes(hashlib.sha256(f"{seed} {k}".encode()).digest()[:6], "big")
        for k in range(1, n)
    ]


def _is_vague(prompt: str) -> bool:
    wide = sum("\u3040" <= c <= "\u9fff" or "\uac00" <= c <= "\ud7a3" for c in prompt)
    return len(prompt.split()) + wide // 2 < VAGUE_WORDS  # no spaces there: two signs make a word


def _require_count(n: int) -> None:
    if isinstance(n, bool) or not isinstance(n, int) or n < 1:
        raise ValueError(f"n is {n!r}; give a whole number of at least 1")
