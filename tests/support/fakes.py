"""A model's boundary without a model: plans by plain rules, paints plain pictures."""

from __future__ import annotations

import hashlib

from PIL import Image, ImageDraw

from wegen_core.records.hooks import check
from wegen_core.records.plan import Plan, Reference

SIZE = (48, 32)
SQUARE = (4, 4, 15, 15)  # where a refinement of the fake painter lands


class FakeMLLM:
    """Follows `wegen_core.mllm.MLLM`. A question is answered, "make" refines, "put" composes."""

    name = "fake-mllm"

    def __init__(self) -> None:
        self.seen: list[tuple[list[str], int, str | None]] = []

    def chat(self, conversation, *, seed=0, on_text=None, should_stop=None, **_):
        check(should_stop)
        reply = f"{conversation.turns[-1].text} ({seed % 97})"
        if on_text:
            on_text(reply)
        return reply

    def plan(
        self,
        conversation,
        *,
        n=1,
        intent=None,
        seed=0,
        on_text=None,
        on_progress=None,
        should_stop=None,
        **_,
    ):
        said = conversation.turns[-1].text
        self.seen.append(([t.text for t in conversation.turns], len(conversation.images), intent))
        if len(said) > 5000:
            raise ValueError(f"message has {len(said)} signs; this model takes at most 5000")
        for step in range(3):
            check(should_stop)
            if on_progress:
                on_progress("tokens", step + 1, 3, None)
        plan = _plan(said, intent or _intent(said), seed)
        if on_text:
            on_text(plan.text)
        return [plan] * n


class FakePainter:
    """Follows `wegen_core.painting.Painter`: a colour of its own for each prompt and seed.

    Refining and composing it moves every pixel by one level and draws a square, as editors do.
    """

    name = "fake-painter"

    def __init__(self) -> None:
        self.batches: list[int] = []

    def paint(
        self,
        plans,
        pictures,
        *,
        seeds,
        size=None,
        steps=None,
        guidance=None,
        on_progress=None,
        should_stop=None,
    ):
        self.batches.append(len(plans))
        total = steps or 2
        for step in range(total):
            check(should_stop)
            if on_progress:
                on_progress("paint", step + 1, total, lambda: Image.new("RGB", SIZE))
        done = zip(plans, seeds, strict=True)
        return [_picture(plan, pictures, seed, size or SIZE) for plan, seed in done]


def scene(size=SIZE, mode="RGB") -> Image.Image:
    """A source picture with enough in it to be recognised."""
    image = Image.radial_gradient("L").resize(size).convert(mode)
    draw = ImageDraw.Draw(image)
    width, height = size
    draw.rectangle((width // 2, height // 2, width * 3 // 4, height * 3 // 4), fill=(20, 90, 200))
    draw.ellipse((width // 4, height // 2, width // 3, height * 3 // 4), fill=(220, 190, 30))
    return image


def _intent(said: str) -> str:
    if said.endswith("?"):
        return "answer"
    return {"make": "refine", "put": "compose"}.get(said.split()[0], "generate")


def _plan(said: str, intent: str, seed: int) -> Plan:
    if intent == "answer":
        return Plan("answer", text=f"answer to {said!r}")
    references = (Reference(1, "base"),) if "as told" in said else ()
    region = (0.0, 0.0, 0.5, 1.0) if "left half" in said else None
    return Plan(
        intent,
        prompt=f"a picture of {said}",
        text=f"here is {said}",
        region=region,
        references=references,
        draft=("draft", said, seed),
    )


def _picture(plan: Plan, pictures, seed: int, size) -> Image.Image:
    red, green, blue = hashlib.sha256(f"{plan.prompt} {seed}".encode()).digest()[:3]
    if plan.intent == "generate" or not pictures:
        return Image.new("RGB", size, (red, green, blue))
    number = plan.base or len(pictures)
    image = pictures[number - 1].convert("RGB").point(lambda v: min(255, v + 1))
    ImageDraw.Draw(image).rectangle(SQUARE, fill=(red, 255, blue))
    return image
