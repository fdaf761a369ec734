"""Graphs that nodes expand into, where a model loaded in ComfyUI paints.

ComfyUI's own nodes are fakes; what it does with these graphs is tested in `tests/comfyui`.
"""

from __future__ import annotations

from collections import Counter

import pytest
import torch

from tests.support.fake_comfy_nodes import image_of
from tests.support.graphs import Graph, blank, output
from tests.support.hostile_server import serving, speak
from tests.support.pack import is_link
from tests.support.painting_graphs import add_copilot, plan_reply

OURS = {"WeGenUnpack": 1, "WeGenFinish": 1}
EDIT = {**OURS, "VAEEncode": 1, "KSampler": 1, "VAEDecode": 1}
INSTRUCT = {**EDIT, "WeGenHeld": 1, "EmptyLatentImage": 1}
FLUX = {"CLIPTextEncode": 1, "ConditioningZeroOut": 1, "FluxGuidance": 1}
QWEN = {**INSTRUCT, "ModelSamplingAuraFlow": 1, "CFGNorm": 1, "ReferenceLatent": 2}
CUSTOM = ("RandomNoise", "CFGGuider", "KSamplerSelect", "Flux2Scheduler", "SamplerCustomAdvanced")


def add_refine(graph: Graph, copilot, image, seed: int = 1, **more) -> list:
    fields = {"image": image, "instruction": "make the boat red", "seed": seed}
    return graph.add("WeGenRefine", copilot=copilot, **fields, **more)


def expanded(graph: Graph) -> list[dict]:
    """The nodes that were added while the graph ran: ids of others are plain numbers."""
    return [node for name, node in graph.items() if not name.isdigit()]


def kinds(graph: Graph) -> Counter:
    return Counter(node["class_type"] for node in expanded(graph))


def only(graph: Graph, kind: str) -> dict:
    """The inputs of the only node of a kind."""
    (node,) = (node for node in graph.values() if node["class_type"] == kind)
    return node["inputs"]


def kind_of(graph: Graph, link: list) -> str:
    return graph[link[0]]["class_type"]


def test_a_region_is_painted_by_comfyuis_nodes_and_the_rest_keeps_its_numbers(pack):
    source = image_of(90, 70)
    with serving(plan_reply()) as host:
        graph = Graph()
        node = add_refine(graph, add_copilot(graph, host), source)
        image, change_mask, report = pack.run(graph).outputs(node)
    assert image.shape == source.shape and change_mask.shape == source.shape[:3]
    assert torch.equal(image[:, :, 50:], source[:, :, 50:])
    assert (image[:, :, :40] != source[:, :, :40]).any()
    assert (change_mask[:, :, 50:] == 0).all()
    assert "ComfyUI's SD15, recipe Stable Diffusion, seed 1" in report
    name, text = pack.server.texts[-1]
    assert name == node[0] and text.startswith("Changed 5") and text.endswith("% of the image")


def test_the_links_of_an_expanded_graph(pack):
    with serving(plan_reply()) as host:
        graph = Graph()
        copilot = add_copilot(graph, host)
        pack.run(graph).outputs(add_refine(graph, copilot, image_of()))
    links = [v for node in expanded(graph) for v in node["inputs"].values() if is_link(v)]
    assert links and all(name in graph for name, _ in links)
    assert only(graph, "WeGenUnpack")["copilot"] == copilot  # by the link of the node on screen
    assert only(graph, "WeGenFinish")["node_id"].isdigit()
    assert kind_of(graph, only(graph, "WeGenFinish")["image"]) == "VAEDecode"
    assert kind_of(graph, only(graph, "VAEDecode")["samples"]) == "KSampler"
    sampler = only(graph, "KSampler")
    assert (sampler["seed"], sampler["steps"]) == (1, 2)
    assert sampler["denoise"] > 0.9  # inside the region nothing is kept
    assert kind_of(graph, sampler["model"]) == "WeGenUnpack"
    assert kind_of(graph, sampler["latent_image"]) == "SetLatentNoiseMask"
    assert kind_of(graph, sampler["positive"]) == kind_of(graph, sampler["negative"])
    assert sampler["positive"] != sampler["negative"]
    assert kind_of(graph, only(graph, "SetLatentNoiseMask")["mask"]) == "WeGenHeld"
    assert kind_of(graph, only(graph, "VAEEncode")["pixels"]) == "WeGenHeld"


@pytest.mark.parametrize(
    ("maker", "parts", "nodes"),
    [
        (
            "TestStableDiffusion",
            {},
            {**EDIT, "WeGenHeld": 2, "CLIPTextEncode": 2, "SetLatentNoiseMask": 1},
        ),
        (
            "TestStableDiffusion",
            {"inpainting": True},
            {**OURS, "WeGenHeld": 2, "CLIPTextEncode": 2, "InpaintModelConditioning": 1,
             "KSampler": 1, "VAEDecode": 1},
        ),
        (
            "TestFlux",
            {"unet_name": "flux1-dev-kontext_fp8_scaled.safetensors"},
            {**INSTRUCT, **FLUX, "ReferenceLatent": 1},
        ),
        (
            "TestFlux",
            {"unet_name": "flux1-dev.safetensors"},
            {**EDIT, **FLUX, "WeGenHeld": 2, "SetLatentNoiseMask": 1},
        ),
        (
            "TestFlux2",
            {},
            {**OURS, **dict.fromkeys(CUSTOM, 1), "VAEEncode": 1, "VAEDecode": 1, "WeGenHeld": 1,
             "CLIPTextEncode": 1, "ConditioningZeroOut": 1, "EmptyFlux2LatentImage": 1,
             "ReferenceLatent": 1},
        ),
        (
            "TestFlux3",
            {"unet_name": "flux3-image-klein-int8-convrot.safetensors"},
            {**OURS, "WeGenHeld": 1, "CLIPTextEncode": 1, "ConditioningZeroOut": 1,
             "ReferenceMultiLatent": 1, "KSampler": 1, "VAEDecode": 1},
        ),
        (
            "TestQwenImage21",
            {"unet_name": "qwen_image_2.1_turbo_int8_convrot.safetensors"},
            {**OURS, "WeGenHeld": 1, "TextEncodeQwenImage21": 1, "QwenImage21Cache": 1,
             "KSampler": 1, "VAEDecode": 1},  # two steps are not those of its list
        ),
        (
            "TestQwenImage",
            {"unet_name": "qwen_image_edit_2509_fp8_e4m3fn.safetensors"},
            {**QWEN, "TextEncodeQwenImageEditPlus": 2},
        ),
        (
            "TestQwenImage",
            {"unet_name": "qwen_image_edit_fp8_e4m3fn.safetensors"},
            {**QWEN, "TextEncodeQwenImageEdit": 2},
        ),
    ],
    ids=["SD", "inpainting", "Kontext", "FLUX", "FLUX.2", "FLUX.3", "Qwen 2.1",
         "Qwen edit plus", "Qwen edit"],
)  # fmt: skip
def test_the_nodes_of_each_family(pack, maker, parts, nodes):
    source = image_of(96, 64)
    with serving(plan_reply()) as host:
        graph = Graph()
        copilot = add_copilot(graph, host, maker=maker, parts=parts)
        image = pack.run(graph).outputs(add_refine(graph, copilot, source))[0]
    assert kinds(graph) == nodes
    assert torch.equal(image[:, :, 60:], source[:, :, 60:])
    assert (image[:, :, :40] != source[:, :, :40]).any()


def test_new_images_are_planned_once_and_painted_by_their_seeds(pack):
    with serving(plan_reply(intent="generate", region=None)) as host:
        graph = Graph()
        copilot = add_copilot(graph, host)
        fields = {"prompt": "a red boat by the wide blue sea", "n": 2, "steps": 7, "guidance": 3.0}
        run = pack.run(graph)
        first, again = (
            run.value(graph.add("WeGenGenerate", copilot=copilot, seed=seed, **fields))
            for seed in (1, 2)
        )
        asked = len(host.asked)
    assert first.shape == (2, 64, 64, 3)
    assert not torch.equal(first[0], first[1]) and not torch.equal(first, again)
    assert kinds(graph)["KSampler"] == 4
    samplers = [n["inputs"] for n in expanded(graph) if n["class_type"] == "KSampler"]
    assert {(s["steps"], s["cfg"]) for s in samplers} == {(7, 3.0)}
    assert len({s["seed"] for s in samplers}) == 4
    assert asked == fields["n"]  # one plan for each image, none for another seed


def test_another_seed_paints_the_same_plan(pack):
    with serving(plan_reply()) as host:
        graph = Graph()
        copilot, source, run = add_copilot(graph, host), blank(graph), pack.run(graph)
        images = [run.value(add_refine(graph, copilot, source, seed)) for seed in (1, 2)]
        assert len(host.asked) == 1
    assert not torch.equal(*images)


def test_a_model_that_wrote_no_plan_is_asked_again(pack):
    with serving(speak("What a lovely boat!")) as host:
        graph = Graph()
        copilot, source, run = add_copilot(graph, host), blank(graph), pack.run(graph)
        run.value(add_refine(graph, copilot, source, 1))
        once = len(host.asked)
        run.value(add_refine(graph, copilot, source, 2))
        assert len(host.asked) > once


def test_the_users_mask_wins_over_the_plan_for_each_image_of_a_batch(pack):
    source = image_of(batch=2)
    mask = torch.zeros(1, 64, 64)
    mask[:, 40:] = 1
    with serving(plan_reply()) as host:
        graph = Graph()
        node = add_refine(graph, add_copilot(graph, host), source, mask=mask)
        image, change_mask, report = pack.run(graph).outputs(node)
    assert kinds(graph)["KSampler"] == 2 and report.count("\n\n") == 1
    assert torch.equal(image[:, :38], source[:, :38]) and (image[:, 42:] != source[:, 42:]).any()
    assert (change_mask[:, :38] == 0).all() and change_mask[:, 50:].max() == 1


def test_a_mask_of_another_shape_is_refused_before_anything_is_planned(pack):
    with serving(plan_reply()) as host:
        graph = Graph()
        mask = torch.ones(1, 32, 64)
        node = add_refine(graph, add_copilot(graph, host), image_of(), mask=mask)
        with pytest.raises(ValueError, match="mask is 64x32 but the image is 64x64; give a mask"):
            pack.run(graph).outputs(node)
        assert not host.asked


def test_what_failed_is_painted_once_more_and_the_better_image_is_kept(pack):
    with serving(plan_reply(), speak("no"), speak("yes")) as host:
        graph = Graph()
        node = add_refine(graph, add_copilot(graph, host, check="repaint"), image_of())
        report = pack.run(graph).outputs(node)[2]
        assert len(host.asked) == 3
    assert kinds(graph)["KSampler"] == 2
    assert "yes: the boat is red" in report


def test_a_check_without_eyes_is_skipped_and_the_report_says_so(pack):
    with serving(plan_reply(prompt="a red boat")) as host:
        graph = Graph()
        copilot = add_copilot(graph, host, check="report", pictures=0)
        report = pack.run(graph).outputs(add_refine(graph, copilot, image_of()))[2]
        assert len(host.asked) == 1
    assert "check skipped" in report


def test_compose_keeps_the_base(pack):
    references = [
        {"picture": 1, "role": "subject", "what": "the boat", "strength": 1},
        {"picture": 2, "role": "base", "what": "", "strength": 1},
    ]
    region = [0.5, 0.3, 0.9, 0.9]
    base = image_of(90, 70)
    with serving(plan_reply(intent="compose", region=region, references=references)) as host:
        graph = Graph()
        fields = {"instruction": "put the boat from picture 1 into picture 2", "seed": 1}
        images = {"image_1": image_of(40, 40), "image_2": base}
        node = graph.add("WeGenCompose", copilot=add_copilot(graph, host), **images, **fields)
        image, report = pack.run(graph).outputs(node)
    assert torch.equal(image[:, :, :41], base[:, :, :41]) and not torch.equal(image, base)
    assert "recipe Stable Diffusion" in report


def test_a_chat_draws_changes_and_answers(pack):
    acts = [
        plan_reply(intent="generate", text="A boat for you.", region=None),
        plan_reply(),
        plan_reply(intent="answer", text="It is red."),
    ]
    with serving(*acts) as host:
        graph, conversation, turns = Graph(), {}, []
        copilot = add_copilot(graph, host)
        for seed, message in enumerate(("draw a boat", "make the boat red", "what colour is it?")):
            fields = {"message": message, "seed": seed, **conversation}
            turns.append(graph.add("WeGenChat", copilot=copilot, **fields))
            conversation = {"conversation": output(turns[-1], 2)}
        run = pack.run(graph)
        texts, images, _ = zip(*(run.outputs(turn) for turn in turns), strict=True)
    assert texts == ("A boat for you.", "The boat is red now.", "It is red.")
    assert torch.equal(images[0][:, :, 33:], images[1][:, :, 33:])
    assert not torch.equal(images[0], images[1]) and torch.equal(images[1], images[2])
    assert kinds(graph)["KSampler"] == 2


@pytest.mark.parametrize(
    ("more", "words"),
    [
        ({"recipe": "FLUX.2"}, "'FLUX.2' does not fit the model, which is SD15; choose 'auto'"),
        ({"parts": {"inpainting": True}}, "paints inside a mask only, and the plan names no"),
    ],
    ids=["recipe", "mask"],
)
def test_what_does_not_fit_together_is_explained(pack, more, words):
    with serving(plan_reply(region=None)) as host:
        graph = Graph()
        node = add_refine(graph, add_copilot(graph, host, **more), image_of())
        with pytest.raises(ValueError, match=words):
            pack.run(graph).outputs(node)


@pytest.mark.parametrize(
    ("part", "words"),
    [
        ("clip", "clip gives 128 values for each token, and the model .SD15. reads 32; connect"),
        ("vae", "vae has 16 latent channels, and the model .SD15. needs 4; connect"),
    ],
)
def test_parts_of_another_model_are_refused_before_anything_is_planned(pack, part, words):
    with serving() as host:
        graph = Graph()
        flux = graph.add("TestFlux")
        more = {part: output(flux, ("model", "clip", "vae").index(part))}
        node = add_refine(graph, add_copilot(graph, host, **more), image_of())
        with pytest.raises(ValueError, match=words):
            pack.run(graph).outputs(node)
        assert not host.asked


@pytest.mark.parametrize(("part", "value"), [("model", "sdxl"), ("clip", None), ("vae", 3)])
def test_a_part_that_is_missing_or_typed_in_is_explained(pack, part, value):
    with serving() as host:
        graph = Graph()
        copilot = add_copilot(graph, host, **{part: value})
        with pytest.raises(ValueError, match=rf"{part} is (empty|a value of .*); connect Load"):
            pack.run(graph).value(copilot)


def test_unpack_finds_its_copilot_in_a_list_by_the_painters_token(pack):
    with serving(plan_reply()) as host:
        graph = Graph()
        copilots = [pack.run(graph).value(add_copilot(graph, host)) for _ in range(2)]
    unpack = pack.nodes["WeGenUnpack"]
    for copilot in copilots:
        painter = copilot.copilot.painter
        parts = unpack.execute(copilot=copilots, token=[painter.token]).args
        assert parts == (painter.model, painter.clip, painter.vae, copilot)
    rebuilt = unpack.execute(copilot=copilots[:1], token=["a token of before"]).args
    assert rebuilt[-1] is copilots[0]


def test_small_masks_in_a_batch_of_large_images_are_painted_as_crops(pack):
    source = image_of(301, 203, batch=2)
    masks = torch.zeros(2, 203, 301)
    masks[0, 20:40, 10:40] = 1
    masks[1, 150:170, 250:270] = 1
    with serving(plan_reply()) as host:
        graph = Graph()
        node = add_refine(graph, add_copilot(graph, host), source, mask=masks)
        run = pack.run(graph)
        image, change_mask, report = run.outputs(node)
    pixels = [n["inputs"]["pixels"] for n in expanded(graph) if n["class_type"] == "VAEEncode"]
    assert [run.value(link).shape for link in pixels] == [(1, 64, 64, 3)] * 2
    assert torch.equal(run.value(pixels[0]), (source[:1, :64, :64] * 255).round() / 255)
    assert report.count("painted only a crop, 64x64 at") == 2
    assert "painted only a crop" in pack.server.texts[-1][1], "the node on screen says so, too"
    assert torch.equal(image[masks == 0], source[masks == 0])
    assert (change_mask[masks == 0] == 0).all()
    assert all((image[k] != source[k]).any() for k in range(2))


@pytest.mark.parametrize(
    "maker", [{}, {"maker": "TestFlux", "parts": {"unet_name": "kontext.sft"}}], ids=["SD", "FLUX"]
)
def test_an_object_is_put_into_a_crop_of_a_large_image(pack, maker):
    references = [
        {"picture": 1, "role": "subject", "what": "the boat", "strength": 1},
        {"picture": 2, "role": "base", "what": "", "strength": 1},
    ]
    base = image_of(301, 203)
    said = plan_reply(intent="compose", region=[0.6, 0.6, 0.7, 0.7], references=references)
    with serving(said) as host:
        graph = Graph()
        fields = {"instruction": "put the boat from picture 1 into picture 2", "seed": 1}
        images = {"image_1": image_of(40, 40), "image_2": base}
        copilot = add_copilot(graph, host, **maker)
        node = graph.add("WeGenCompose", copilot=copilot, **images, **fields)
        run = pack.run(graph)
        image, report = run.outputs(node)
    assert "painted only a crop, 64x64 at (164, 100) of 301x203" in report
    held = [n["inputs"]["pixels"] for n in expanded(graph) if n["class_type"] == "VAEEncode"]
    assert run.value(held[-1]).shape == (1, 64, 64, 3)
    changed = (image != base).any(-1)[0]
    assert changed[100:164, 164:228].any()
    changed[100:164, 164:228] = False
    assert not changed.any() and image.shape == base.shape
