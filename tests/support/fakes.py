"""A model's boundary without a model: plans by plain rules, paints plain pictures."""

from __future__ import annotations

import hashlib

from PIL import Image, ImageDraw

from wegen_core.mllm import Capabilities
from wegen_core.painting.painter import DEFAULT_SETTINGS
from wegen_core.records.hooks import GREEDY, NO_HOOKS, OWN_SAMPLING
from wegen_core.records.plan import Plan, Reference

SIZE = (48, 32)
SQUARE = (4, 4, 15, 15)  # where a refinement of the fake painter lands


class FakeMLLM:
    """Follows `ChatModel` and `Planner`. A question is answered, "make" refines, "put" composes."""

    name = "fake-mllm"
    capabilities = Capabilities(max_images=0)

    def __init__(self) -> None:
        self.seen: list[tuple[list[str], int, str | None]] = []

    def chat(self, conversation, *, schema=None, sampling=GREEDY, hooks=NO_HOOKS):
        hooks.check_stop()
        reply = f"{conversation.turns[-1].text} ({sampling.seed % 97})"
        if hooks.on_text:
            hooks.on_text(reply)
        return reply

    def plan(self, conversation, *, intent=None, sampling=OWN_SAMPLING, hooks=NO_HOOKS):
        said = conversation.turns[-1].text
        self.seen.append(([t.text for t in conversation.turns], len(conversation.images), intent))
        if len(said) > 5000:
            raise ValueError(f"message has {len(said)} characters; this model takes at most 5000")
        for step in range(3):
            hooks.check_stop()
            if hooks.on_progress:
                hooks.on_progress("tokens", step + 1, 3, None)
        plan = _plan(said, intent or _intent(said), sampling.seed)
        if hooks.on_text:
            hooks.on_text(plan.text)
        return plan


class FakePainter:
    """Follows `Painter`: a colour of its own for each prompt and seed.

    Refining and composing it moves every pixel by one level and draws a square, as editors do.
    """

    name = "fake-painter"
    aligned = False
    area = None

    def __init__(self) -> None:
        self.batches: list[int] = []

    def paint(self, plans, images, *, seeds, settings=DEFAULT_SETTINGS, hooks=NO_HOOKS):
        self.batches.append(len(plans))
        total = settings.steps or 2
        for step in range(total):
            hooks.check_stop()
            if hooks.on_progress:
                hooks.on_progress("paint", step + 1, total, lambda: Image.new("RGB", SIZE))
        done = zip(plans, seeds, strict=True)
        return [_picture(plan, images, seed, settings.size or SIZE) for plan, seed in done]


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
