"""What each node's `execute` gives: real nodes and the embedded network on the stand-in."""

from __future__ import annotations

import json
import re
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest
import torch

from tests.support import tiny_detectors
from tests.support.fake_comfy_nodes import image_of
from tests.support.graphs import Graph, blank, compose, generate, load, output, refine
from tests.support.hostile_server import serving, speak
from wegen_core.playground import samples as world


def drawn(pack, **more) -> torch.Tensor:
    graph = Graph()
    return pack.run(graph).value(generate(graph, load(graph), **more))


def test_generate_draws_a_batch_in_floats(pack):
    images = drawn(pack, n=2, steps=2)
    assert images.shape == (2, 64, 64, 3) and images.dtype == torch.float32
    assert 0 <= images.min() < images.max() <= 1
    assert not torch.equal(images[0], images[1])
    assert torch.equal(images, drawn(pack, n=2, steps=2))


def test_generate_reports_progress_with_previews(pack):
    pack.progress.clear()
    drawn(pack, seed=2)
    assert len(pack.progress) > 5
    assert any(preview is not None for _, _, preview in pack.progress)


def known_scene(width: int = 64, height: int = 64, batch: int = 1) -> torch.Tensor:
    """IMAGE of a scene that the embedded network knows, between the steps of 8 bits."""
    things = (world.Thing("car", "red", "left"), world.Thing("tree", "green", "right"))
    drawn_scene = world.draw(world.Scene("grass", things)).resize((width, height))
    values = torch.from_numpy(np.asarray(drawn_scene).copy()).float() / 256 + 0.001
    return values[None].repeat(batch, 1, 1, 1)


def test_refine_leaves_a_photograph_alone_and_says_so_on_the_node(pack):
    source = image_of(90, 70)
    graph = Graph()
    node = refine(graph, source, "make it night")
    image, change_mask, report = pack.run(graph).outputs(node)
    assert torch.equal(image, source) and not change_mask.any()
    name, text = pack.server.texts[-1]
    for words in ("Left as it is: WeGen mini does not know", "Connect WeGen Painter (SDXL, FLUX"):
        assert name == node[0] and words in text and words in report


def test_refine_changes_each_image_inside_its_mask_only(pack):
    source = known_scene(batch=2)
    mask = torch.zeros(1, 64, 64)
    mask[:, :, 40:] = 1
    graph = Graph()
    node = refine(graph, source, "make it night", mask=mask)
    image, change_mask, report = pack.run(graph).outputs(node)
    assert image.shape == source.shape and change_mask.shape == source.shape[:3]
    assert torch.equal(image[:, :, :40], source[:, :, :40])
    assert (change_mask[:, :, :40] == 0).all()
    assert report.count("\n\n") == 1  # one report for each image
    name, text = pack.server.texts[-1]
    assert name == node[0] and re.fullmatch(r"Changed \d+\.\d% of the image", text)


def test_a_mask_that_leaves_nothing_of_a_change_is_said_on_the_node(pack):
    graph = Graph()
    source = image_of(64, 64)
    edited = source.clone()
    edited[:, 30:50, 30:50] = 0.9
    mask = torch.zeros(1, 64, 64)
    mask[:, :16, :16] = 1
    node = graph.add("WeGenPreserve", source=source, edited=edited, mask=mask)
    image, _, report, _ = pack.run(graph).outputs(node)
    assert torch.equal(image, source)
    assert "what changed lies outside the mask" in report
    assert pack.server.texts[-1] == (node[0], "what changed lies outside the mask")


@pytest.mark.slow
def test_compose_puts_things_into_the_base(pack):
    graph = Graph()
    words = "put the cat into the scene"
    scene_image = known_scene(80, 64)
    region = torch.zeros(1, 64, 80)
    region[:, :, :40] = 1
    shown = {"what": "the cat", "strength": 1.0, "role": "subject", "region": region}
    cat = graph.add("WeGenReference", image=known_scene(), **shown)
    base = {"role": "base", "what": "", "strength": 1.0, "previous": cat}
    both = graph.add("WeGenReference", image=scene_image, **base)
    image, report = pack.run(graph).outputs(compose(graph, words, references=both))
    assert image.shape == scene_image.shape
    assert torch.equal(image[:, :, 44:], scene_image[:, :, 44:])
    assert report.startswith("compose: ")


def test_a_reference_knows_its_region_and_the_chain_before_it(pack):
    graph = Graph()
    region = torch.zeros(1, 10, 20)
    region[:, 5:, :10] = 1
    fields = {"role": "style", "what": " oil ", "strength": 0.7}
    first = graph.add("WeGenReference", image=image_of(9, 8, batch=2), region=region, **fields)
    second = graph.add("WeGenReference", image=image_of(9, 8), previous=first, **fields)
    references = pack.run(graph).value(second)
    assert len(references) == 3
    assert references[0].region == (0.0, 0.5, 0.5, 1.0) and references[2].region is None
    assert references[0].what == "oil" and references[0].strength == 0.7


def test_a_region_of_another_shape_than_the_scene_is_refused(pack):
    graph = Graph()
    fields = {"what": "", "strength": 1.0}
    tall = torch.ones(1, 90, 30)
    cat = graph.add("WeGenReference", image=image_of(9, 8), role="subject", region=tall, **fields)
    base = graph.add("WeGenReference", image=image_of(80, 64), role="base", previous=cat, **fields)
    with pytest.raises(ValueError, match="the region of image 1 is 30x90 but the scene is 80x64"):
        pack.run(graph).value(compose(graph, "put the cat into the scene", references=base))


def test_ask_answers_and_shows_the_answer(pack):
    graph = Graph()
    image = generate(graph, load(graph), "a red boat by the sea")
    question = {"image": image, "question": "what colour is the boat?"}
    node = graph.add("WeGenAsk", copilot=load(graph), **question)
    answer = pack.run(graph).value(node)
    assert "red" in answer
    assert (node[0], answer) in pack.server.texts


def test_ask_wants_one_model(pack):
    graph = Graph()
    with pytest.raises(ValueError, match="neither copilot nor mllm is connected"):
        pack.run(graph).value(graph.add("WeGenAsk", image=image_of(9, 8), question="what is it?"))


@pytest.mark.slow
def test_a_chat_draws_changes_answers_and_takes_back(pack):
    graph, conversation, turns = Graph(), {}, []
    copilot = load(graph)
    messages = ("a red car on grass", "make the car blue", "what colour is the car?", "undo")
    for message in messages:
        turn = graph.add("WeGenChat", copilot=copilot, message=message, seed=1, **conversation)
        conversation = {"conversation": output(turn, 2)}
        turns.append(turn)
    run = pack.run(graph)
    texts, images, conversations = zip(*(run.outputs(turn) for turn in turns), strict=True)
    assert all(image.shape == (1, 64, 64, 3) for image in images)
    assert not torch.equal(images[0], images[1])
    assert torch.equal(images[1], images[2])  # an answer shows the last image again
    assert "blue" in texts[2]
    assert torch.equal(images[3], images[0])
    assert [len(c.turns) for c in conversations[:3]] == [2, 4, 6]  # each has its own branch


def test_a_chat_that_only_answers_gives_a_grey_image(pack):
    graph = Graph()
    turn = graph.add("WeGenChat", copilot=load(graph), message="hello, who are you?", seed=1)
    text, image, _ = pack.run(graph).outputs(turn)
    assert text and image.shape == (1, 64, 64, 3) and image.std() == 0


def test_rewriting_needs_no_model(pack):
    graph = Graph()
    fields = {"prompt": "a red car", "n": 3, "creativity": 0.7, "seed": 1}
    prompts, report = pack.run(graph).outputs(graph.add("WeGenRewritePrompt", **fields))
    assert len(set(prompts)) == 3 and all("red car" in prompt for prompt in prompts)
    assert report.count("red car") >= 3


def test_an_mllm_rewrites_and_answers_by_itself(pack):
    with serving(speak("a red car on a wet street at night")) as host:
        graph = Graph()
        server = {"url": f"http://{host.host}/v1", "model": "m", "pictures": 9, "timeout": 20}
        mllm = graph.add("WeGenMLLMEndpoint", **server)
        fields = {"prompt": "a red car", "n": 1, "creativity": 0.7, "seed": 1}
        prompts = pack.run(graph).value(graph.add("WeGenRewritePrompt", mllm=mllm, **fields))
        question = {"image": image_of(9, 8), "question": "what is it?"}
        answer = pack.run(graph).value(graph.add("WeGenAsk", mllm=mllm, **question))
        copilot = graph.add("WeGenCopilot", mllm=mllm, check="off")
        both = graph.add("WeGenRewritePrompt", mllm=mllm, copilot=copilot, **fields)
        with pytest.raises(ValueError, match="both copilot and mllm are connected"):
            pack.run(graph).value(both)
    assert prompts == [answer] == ["a red car on a wet street at night"]


def test_preserve_brings_back_what_was_not_edited(pack):
    source = torch.tensor([[0.2, 0.4, 0.6]]).expand(1, 48, 64, 3) + image_of(64, 48) / 4
    edited = source.clone()
    edited[:, 10:30, 10:30] = 0.9
    edited[:, :, 40:] += 1 / 512  # what an editor changes by accident
    graph = Graph()
    node = graph.add("WeGenPreserve", source=source, edited=edited)
    image, change_mask, report, drift = pack.run(graph).outputs(node)
    assert torch.equal(image[:, :, 40:], source[:, :, 40:])
    assert (image[:, 15:25, 15:25] - 0.9).abs().max() < 0.02
    assert change_mask[:, 15:25, 15:25].min() > 0.5 and (change_mask[:, :, 40:] == 0).all()
    assert "lock" in report and drift.shape == source.shape


def test_preserve_refuses_an_empty_batch(pack):
    graph = Graph()
    empty = torch.zeros(0, 8, 8, 3)
    with pytest.raises(ValueError, match="source is an empty batch; connect at least one"):
        pack.run(graph).value(graph.add("WeGenPreserve", source=empty, edited=image_of(8, 8)))


@pytest.mark.slow
def test_the_parts_of_a_model_make_a_copilot(pack):
    graph = Graph()
    loader = load(graph)
    parts = {"mllm": output(loader, 2), "painter": output(loader, 1)}
    copilot = graph.add("WeGenCopilot", check="off", **parts)
    with_parts = pack.run(graph).value(generate(graph, copilot, seed=3, steps=2))
    assert torch.equal(with_parts, drawn(pack, seed=3, steps=2))


@pytest.mark.slow
def test_a_detector_checks_what_is_drawn_and_the_node_says_so(pack):
    import folder_paths

    tiny_detectors.yolos(Path(folder_paths.models_dir) / "vision" / "yolos")
    graph = Graph()
    copilot = graph.add("WeGenCopilot", check="report", detector="yolos")
    node = generate(graph, copilot, prompt="a red cat on the left and a car", steps=2)
    pack.run(graph).value(node)
    line = pack.server.texts[-1][1]
    assert re.search(r"Check: 0 of 3 hold; no: .*red cat.*; cannot tell: car$", line)


@pytest.mark.slow
def test_an_endpoint_plans_and_the_embedded_network_draws(pack):
    plan = {"intent": "generate", "text": "A boat.", "prompt": "a red boat on the left"}
    with serving(speak("Sure!\n", json.dumps(plan))) as host:
        graph = Graph()
        server = {"url": f"http://{host.host}/v1", "model": "m", "pictures": 9, "timeout": 20}
        mllm = graph.add("WeGenMLLMEndpoint", **server)
        copilot = graph.add("WeGenCopilot", mllm=mllm, check="off")
        turn = graph.add("WeGenChat", copilot=copilot, message="a red boat", seed=1)
        text, image, _ = pack.run(graph).outputs(turn)
    assert text == "A boat." and image.shape == (1, 64, 64, 3)


def writing_clip(
    kind: str, norm: bool = True, head: float | None = None, parent: str = "", **config
):
    """A CLIP as ComfyUI has it: its network of the class `kind`, with an output layer of `head`."""
    from comfy.text_encoders.llama import BaseGenerate

    class Encoder(torch.nn.Module):
        generate = None

    base = type(parent, (BaseGenerate,), {}) if parent else BaseGenerate
    network = type(kind, (base,), {"preprocess_embed": None})()
    network.model = torch.nn.Module()
    network.model.config = SimpleNamespace(lm_head=head is not None, **config)
    network.model.norm = torch.nn.Identity() if norm else None
    if head is not None:
        network.model.lm_head = torch.nn.Linear(4, 9)
        torch.nn.init.constant_(network.model.lm_head.weight, head)

    class CLIP:
        cond_stage_model = Encoder()

        def tokenize(self, text, *, images, **_):
            return text, len(images)

        def generate(self, tokens, **options):
            return [*tokens, options["seed"]]

        def decode(self, ids):
            return f"{ids[1]} image in {'what is it?' in ids[0]} text"

    CLIP.cond_stage_model.transformer = network
    return CLIP()


@pytest.mark.parametrize(
    "kind", [{"kind": "Qwen3VL_"}, {"kind": "Qwen3VL_", "head": 0.1},
             {"kind": "Variant", "parent": "Gemma4Base"}]
)  # fmt: skip
def test_a_text_encoder_that_can_write_answers(pack, kind):
    graph = Graph()
    clip = writing_clip(**kind, stop_tokens=[1])
    mllm = graph.add("WeGenMLLMFromCLIP", clip=clip)
    question = {"image": image_of(9, 8), "question": "what is it?"}
    answer = pack.run(graph).value(graph.add("WeGenAsk", mllm=mllm, **question))
    assert answer == "1 image in True text"


@pytest.mark.parametrize(
    ("clip", "words"),
    [
        (None, "clip is empty; connect Load CLIP"),
        ("t5", "clip is a value of type str; connect Load CLIP"),
        (SimpleNamespace(), r"this is ComfyUI 0\.3\.64, whose text encoders cannot write; update"),
        (
            SimpleNamespace(generate=None, cond_stage_model=torch.nn.Linear(1, 1)),
            "the text encoder Linear is not a language model",
        ),
        (
            {"kind": "Qwen25_7BVLI"},
            "7BVLI cannot write: ComfyUI .* without its output layer",
        ),
        ({"kind": "Qwen3_8B", "stop_tokens": [1], "norm": False}, "cannot write: it is cut off"),
        ({"kind": "Qwen3_8B", "stop_tokens": [1], "head": 0.0}, r"holds no output layer \(lm_head"),
        ({"kind": "Ministral3_3B", "stop_tokens": [1]}, "Ministral3_3B cannot chat; use Qwen3"),
    ],
)
def test_a_text_encoder_that_cannot_write_is_refused_by_name(pack, clip, words):
    graph = Graph()
    clip = writing_clip(**clip) if isinstance(clip, dict) else clip
    with pytest.raises((ValueError, RuntimeError), match=words):
        pack.run(graph).value(graph.add("WeGenMLLMFromCLIP", clip=clip))


def test_stop_leaves_a_node_as_comfyuis_own_exception(pack, monkeypatch):
    import comfy.model_management as memory
    import comfy.utils

    def stop(value: int, *_, **__) -> None:
        if value == 3:
            memory.interrupt_current_processing()

    monkeypatch.setattr(comfy.utils, "PROGRESS_BAR_HOOK", stop)
    with pytest.raises(memory.InterruptProcessingException):
        drawn(pack, seed=4)
    assert not memory.processing_interrupted()


def test_the_network_is_brought_to_the_device_before_it_works(pack):
    import comfy.model_management as memory

    memory.loaded.clear()
    drawn(pack, seed=5, steps=1)
    assert len(set(map(id, memory.loaded))) == 1


def test_models_that_are_not_there_are_named(pack):
    check = pack.nodes["WeGenLoadModel"].validate_inputs
    assert check(model="mini") is True
    assert "model 'none' does not exist; choose 'mini'" in check(model="none")
    check = pack.nodes["WeGenLoadMLLM"].validate_inputs
    assert "language model 'LLM/none' is not there" in check(model="LLM/none")
    assert check(model="LLM/none", repository="Some-One/Tiny-VL") is True


@pytest.mark.slow
def test_a_blank_scene_of_one_pixel_does_no_harm(pack):
    graph = Graph()
    one = blank(graph, 1, 1)
    image = pack.run(graph).value(refine(graph, one))
    assert image.shape == (1, 1, 1, 3)


@pytest.mark.parametrize(
    ("node", "socket", "value"),
    [
        ("WeGenGenerate", "copilot", "mini"),
        ("WeGenRefine", "image", None),
        ("WeGenRefine", "image", [image_of(8, 8)]),
        ("WeGenRefine", "mask", "white"),
        ("WeGenCompose", "image_1", "boat.png"),
        ("WeGenCompose", "references", "boat.png"),
        ("WeGenReference", "image", None),
        ("WeGenReference", "previous", 3),
        ("WeGenChat", "conversation", "hello"),
        ("WeGenAsk", "mllm", "qwen"),
        ("WeGenAsk", "image", None),
        ("WeGenCopilot", "mllm", "qwen"),
        ("WeGenCopilot", "painter", "sdxl"),
        ("WeGenPreserve", "source", None),
        ("WeGenPreserve", "edited", [image_of(8, 8)]),
        ("WeGenPreserve", "mask", 1.0),
        ("WeGenHeld", "held", "boat.png"),
        ("WeGenUnpack", "copilot", "mini"),
        ("WeGenFinish", "step", "refine"),
    ],
)
def test_a_socket_that_got_something_else_is_explained(pack, node, socket, value):
    graph = Graph()
    copilot = {} if socket == "mllm" else {"copilot": load(graph)}
    inputs = {
        "WeGenGenerate": {"prompt": "a boat", "n": 1, "seed": 1, "steps": 1, "guidance": 0.0},
        "WeGenRefine": {
            **copilot,
            "image": image_of(8, 8),
            "instruction": "make it red",
            "seed": 1,
        },
        "WeGenCompose": {**copilot, "image_2": image_of(8, 8), "instruction": "a boat", "seed": 1},
        "WeGenReference": {"image": image_of(8, 8), "role": "subject", "what": "", "strength": 1.0},
        "WeGenChat": {**copilot, "message": "hello", "seed": 1},
        "WeGenAsk": {**copilot, "image": image_of(8, 8), "question": "what is it?"},
        "WeGenCopilot": {"check": "off"},
        "WeGenPreserve": {"source": image_of(8, 8), "edited": image_of(8, 8)},
        "WeGenHeld": {},
        "WeGenUnpack": {"token": "x"},
        "WeGenFinish": {**copilot, "node_id": "1", "image": image_of(8, 8)},
    }[node]
    with pytest.raises(ValueError, match=rf"{socket} is (empty|a value of type \w+); connect "):
        pack.run(graph).outputs(graph.add(node, **{**inputs, socket: value}))


def test_nothing_upstream_of_an_optional_image_counts_as_not_connected(pack):
    graph = Graph()
    images = {"image_1": image_of(8, 8), "image_2": None}
    assert pack.run(graph).value(compose(graph, "make it night", **images)).shape[0] == 1
