"""Judges: what turns the images of a case into scores."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, TypeVar

import numpy as np
from PIL import Image

from ...device import usable_device
from ...loading import load_mllm
from ...mllm.chat_model import EmptyReplyError, FirstTokenModel
from ...records.conversation import Conversation
from ...records.hooks import Sampling
from . import metrics

if TYPE_CHECKING:
    from ...mllm.chat_model import ChatModel
    from ...vision.detector import Detection, Detector
    from ...vision.encoder import Encoder
    from .cases import Case, Question
    from .clip import Clip
    from .lpips import Lpips

TRIES = 3
"""How often a question is put until its reply can be read."""

SUCCESS = 6
"""Of 10: both scores of a turn of MSE-Bench must be greater."""

COLOURS = "red orange yellow green blue purple pink brown black white".split()


@dataclass(frozen=True)
class Judges:
    """What the user gave to judge with; None: not given.

    chat: sees images. detector: of COCO's kinds. encoder: of images. clip: of images and texts.
    """

    chat: ChatModel | None = None
    detector: Detector | None = None
    encoder: Encoder | None = None
    clip: Clip | None = None
    lpips: Lpips | None = None


def load_judges(
    judge: str | None = None,
    detector: str | None = None,
    encoder: str | None = None,
    clip: str | None = None,
    lpips: str | None = None,
    *,
    device: Any = None,
) -> Judges:
    """The judges of local folders; judge: "URL#MODEL" or a folder, as for `load_mllm`.

    device: None: the accelerator if there is one. Raises FileNotFoundError or ValueError for what
    cannot be loaded, and ValueError for a judge that reads text only.
    """
    from ...vision.detector import ObjectDetector
    from ...vision.encoder import VisionEncoder
    from .clip import Clip
    from .lpips import Lpips

    where = str(usable_device(device))
    chat = load_mllm(judge, device) if judge else None
    if chat is not None and not chat.capabilities.sees:
        raise ValueError(f"judge {judge} reads text only; give a model that takes images")
    return Judges(
        chat,
        ObjectDetector(detector, where) if detector else None,
        VisionEncoder(encoder, where) if encoder else None,
        Clip(clip, where) if clip else None,
        Lpips(lpips, where) if lpips else None,
    )


T = TypeVar("T")


def required(judge: T | None, option: str) -> T:
    """`judge`; ValueError that names the option if it is not given."""
    if judge is None:
        raise ValueError(f"this benchmark needs a {option}; give --{option}")
    return judge


@dataclass
class Judgement:
    """The scores of one case, the replies of a chat model, and how many could not be read."""

    scores: dict[str, float] = field(default_factory=dict)
    replies: list[str] = field(default_factory=list)
    unreadable: int = 0

    def ask(self, judges: Judges, question: Question, images: Sequence[Image.Image]) -> list[float]:
        """The numbers of a reply; the worst ones if no reply can be read or the model refuses."""
        chat = required(judges.chat, "judge")
        limit = chat.capabilities.max_images
        if limit is not None and len(images) > limit:
            raise ValueError(
                f"judge {chat.name} takes {limit} images, but {len(images)} have to be compared; "
                "use another one"
            )
        conversation = Conversation()
        conversation.add("user", question.text, *images)
        for attempt in range(TRIES):
            sampling = Sampling(temperature=None if attempt else 0.0, seed=attempt)
            tokens: dict[str, float] = {}
            try:
                if question.likely and isinstance(chat, FirstTokenModel):
                    reply, tokens = chat.chat_with_first_token(conversation, sampling=sampling)
                else:
                    reply = chat.chat(conversation, sampling=sampling)
            except EmptyReplyError as error:
                reply = f"[{error}]"
            self.replies.append(reply)
            if (numbers := question.read(reply)) is not None:
                likely = [p for t, p in tokens.items() if t.strip().lower() in question.likely]
                return [min(1.0, sum(likely))] if tokens else numbers
        self.unreadable += 1
        return list(question.worst)


Score = Callable[["Case", Sequence[Image.Image], Judges], Judgement]
"""The judgement of the images that were painted for a case; none if painting failed."""


def by_questions(
    combine: Callable[[Case, list[list[float]]], dict[str, float]],
) -> Score:
    """Puts the questions of a case about each image, and averages what `combine` makes of them."""

    def score(case: Case, images: Sequence[Image.Image], judges: Judges) -> Judgement:
        judgement, rows = Judgement(), []
        originals = case.images()
        for image in images:
            numbers = []
            for question in case.questions:
                before = originals if question.shows == "all" else []
                numbers.append(judgement.ask(judges, question, [*before, image, *question.truth()]))
            rows.append(combine(case, numbers))
        worst = [list(question.worst) for question in case.questions]
        judgement.scores = mean_of(rows or [combine(case, worst)])
        return judgement

    return score


def soft_tifa(_: Case, numbers: list[list[float]]) -> dict[str, float]:
    """GenEval 2: arithmetic mean over atoms, and geometric mean over the prompt's atoms."""
    atoms = [n for (n,) in numbers]
    return {"atoms": float(np.mean(atoms)), "prompt": math.prod(atoms) ** (1 / len(atoms))}


def dependent_questions(case: Case, numbers: list[list[float]]) -> dict[str, float]:
    """DPG-Bench: a question counts as "no" if one that it depends on was answered "no"."""
    answers = [n for (n,) in numbers]
    parents: list[list[int]] = case.facts["parents"]
    holding = [
        answer if all(answers[p] for p in parents[k]) else 0.0 for k, answer in enumerate(answers)
    ]
    return {"DPG": float(np.mean(holding))}


def all_hold(_: Case, numbers: list[list[float]]) -> dict[str, float]:
    """The product of yes (1) and no (0)."""
    return {"holds": math.prod(n for (n,) in numbers)}


def mean_scores(_: Case, numbers: list[list[float]]) -> dict[str, float]:
    """ImgEdit: the mean of the three scores from 1 to 5."""
    return {"score": float(np.mean(numbers))}


def viescore(_: Case, numbers: list[list[float]]) -> dict[str, float]:
    """GEdit-Bench: least of each pair; overall is their geometric mean."""
    semantics, quality = (min(pair) for pair in numbers)
    return {"G_SC": semantics, "G_PQ": quality, "G_O": math.sqrt(semantics * quality)}


def omnicontext(_: Case, numbers: list[list[float]]) -> dict[str, float]:
    """Prompt following, subject consistency, and their geometric mean."""
    (following,), (consistency,) = numbers
    return {"PF": following, "SC": consistency, "overall": math.sqrt(following * consistency)}


def kris(case: Case, numbers: list[list[float]]) -> dict[str, float]:
    """KRIS-Bench: from 1..5 to 0..100."""
    values = [n for row in numbers for n in row]
    return {
        name: (value - 1) * 25 for name, value in zip(case.facts["scores"], values, strict=True)
    }


def turns(case: Case, images: Sequence[Image.Image], judges: Judges) -> Judgement:
    """MSE-Bench: success of each turn; the turns after a failed one fail, too."""
    judgement, sequence = Judgement(), [*case.images(), *images]
    success: list[bool] = []
    following: list[float] = []
    consistency: list[float] = []
    for number, question in enumerate(case.questions, 1):
        if len(images) < number or not all(success):
            success.append(False)
            continue
        scores = judgement.ask(judges, question, sequence[: number + 1])
        success.append(min(scores) > SUCCESS)
        following.append(scores[0])
        consistency.append(scores[1])
    judgement.scores = {f"turn {n}": float(s) for n, s in enumerate(success, 1)}
    judgement.scores |= {
        "prompt following, turn 1": following[0] if following else 0.0,
        "consistency, turn 1": consistency[0] if consistency else 0.0,
    }
    return judgement


def geneval(case: Case, images: Sequence[Image.Image], judges: Judges) -> Judgement:
    """GenEval's rules: all of `include`, none of `exclude`."""
    correct = [_is_correct(case.facts, image, judges) for image in images]
    return Judgement({"correct": float(np.mean(correct)) if correct else 0.0})


def _is_correct(facts: Mapping[str, Any], image: Image.Image, judges: Judges) -> bool:
    detector = required(judges.detector, "detector")
    least = 0.9 if facts["tag"] == "counting" else 0.3
    objects: dict[str, list[Detection]] = {}
    for detection in detector.detect(image):
        if detection.score > least:
            objects.setdefault(detection.label, []).append(detection)
    groups: list[list[Detection]] = []
    for wanted_object in facts["include"]:
        count = wanted_object["count"]
        group = objects.get(wanted_object["class"], [])[:count]
        if len(group) < count:
            return False
        if "color" in wanted_object:
            colours = [_colour(image, detection, judges) for detection in group]
            if colours.count(wanted_object["color"]) < count:
                return False
        if "position" in wanted_object:
            relation, other = wanted_object["position"]
            pairs = [(a, b) for a in group for b in groups[other]]
            if not all(relation in relative_position(a.box, b.box) for a, b in pairs):
                return False
        groups.append(group)
    return not any(len(objects.get(e["class"], [])) >= e["count"] for e in facts.get("exclude", ()))


def relative_position(box: Sequence[float], other: Sequence[float]) -> set[str]:
    """Where `box` is, seen from `other`: left of, right of, above, below.

    Offsets of up to a tenth of both sizes count as none (GenEval).
    """
    corners = np.array([box, other], float).reshape(2, 2, 2)
    centres, sizes = corners.mean(1), corners[:, 1] - corners[:, 0]
    offset = centres[0] - centres[1]
    beyond = np.maximum(np.abs(offset) - 0.1 * sizes.sum(0), 0) * np.sign(offset)
    if np.all(np.abs(beyond) < 1e-3):
        return set()
    dx, dy = beyond / np.linalg.norm(offset)
    sides = {"left of": dx < -0.5, "right of": dx > 0.5, "above": dy < -0.5, "below": dy > 0.5}
    return {name for name, holds in sides.items() if holds}


def _colour(image: Image.Image, detection: Detection, judges: Judges) -> str:
    """The colour that CLIP finds most likely of what is in the box, as in GenEval."""
    clip = required(judges.clip, "clip")
    wordings = ("a photo of a {} {}", "a photo of a {}-colored {}", "a photo of a {} object")
    texts = [w.format(c, detection.label) for c in COLOURS for w in wordings]
    embedded = metrics.unit(clip.texts(texts)).reshape(len(COLOURS), len(wordings), -1)
    colours = metrics.unit(embedded.mean(1))
    crop = metrics.unit(clip.images([image.crop(detection.box)]))
    return COLOURS[int((crop @ colours.T).argmax())]


def preserved_background(case: Case, images: Sequence[Image.Image], judges: Judges) -> Judgement:
    """PIE-Bench: distances outside the mask, as published with black inside; CLIP similarity."""
    if not images:
        return Judgement()
    (source,), edited = case.images(), images[0].convert("RGB")
    if edited.size != source.size:
        edited = edited.resize(source.size, Image.Resampling.LANCZOS)
    outside = 1 - case.facts["mask"]()[..., None]
    a, b = (np.asarray(i.convert("RGB"), np.float32) / 255 for i in (source, edited))
    scores = {}
    if outside.any():
        a, b = a * outside, b * outside
        scores = {"PSNR": metrics.psnr(a, b), "SSIM": metrics.ssim(a, b)}
        scores["MSE"] = float(np.mean((a - b) ** 2))
        if judges.lpips is not None:
            scores["LPIPS"] = judges.lpips.distance(a, b)
    if judges.clip is not None:
        scores["CLIP"] = judges.clip.similarity(edited, case.facts["target prompt"])
    return Judgement(scores)


def identity(case: Case, images: Sequence[Image.Image], judges: Judges) -> Judgement:
    """DreamBench: cosine with all photographs of the subject, and with the prompt."""
    if not images:
        return Judgement()
    photographs = case.facts["photographs"]()
    scores = {}
    if judges.encoder is not None:
        painted, real = judges.encoder.embed(images), judges.encoder.embed(photographs)
        scores["identity"] = float((painted @ real.T).mean())
    if judges.clip is not None:
        painted = metrics.unit(judges.clip.images(images))
        real = metrics.unit(judges.clip.images(photographs))
        scores["CLIP-I"] = float((painted @ real.T).mean())
        prompt = case.facts["prompt"]
        scores["CLIP-T"] = float(np.mean([judges.clip.similarity(i, prompt) for i in images]))
    return Judgement(scores)


def diversity(_: Case, images: Sequence[Image.Image], judges: Judges) -> Judgement:
    """How different the images of one prompt are: Vendi score and mean pairwise distances."""
    if len(images) < 2:
        return Judgement()
    embedded = required(judges.encoder, "encoder").embed(images)
    scores = {"Vendi": metrics.vendi(embedded), "distance": metrics.mean_distance(embedded)}
    if judges.lpips is not None:
        arrays = [np.asarray(image.convert("RGB"), np.float32) / 255 for image in images]
        pairs = [(a, b) for k, a in enumerate(arrays) for b in arrays[:k]]
        scores["LPIPS"] = float(np.mean([judges.lpips.distance(a, b) for a, b in pairs]))
    return Judgement(scores)


def clip_t(case: Case, images: Sequence[Image.Image], judges: Judges) -> Judgement:
    """CLIP-T: cosine of image and prompt."""
    if not images or judges.clip is None:
        return Judgement()
    prompt = case.prompts[0]
    similarities = [judges.clip.similarity(image, prompt) for image in images]
    return Judgement({"CLIP-T": float(np.mean(similarities))})


def mean_of(rows: Sequence[Mapping[str, float]]) -> dict[str, float]:
    """The mean of each score over those rows that have it."""
    names = dict.fromkeys(name for row in rows for name in row)
    return {name: float(np.mean([r[name] for r in rows if name in r])) for name in names}
