"""Models loaded in ComfyUI as painters, tiny and random, in a real ComfyUI."""

from __future__ import annotations

import numpy as np
import pytest
from PIL import Image

from tests.support.comfy_server import free_all
from tests.support.graphs import Graph, blank, equal, output
from tests.support.hostile_server import serving, speak
from tests.support.painting_graphs import (
    add_copilot,
    add_image,
    add_left_half,
    add_painter,
    add_refine,
    compose_from_colours,
    photo,
    plan_reply,
    run_to_success,
    skip_unless_known,
)

pytestmark = pytest.mark.comfyui


def test_a_new_picture_is_painted_by_comfyuis_nodes(server):
    with serving(plan_reply(intent="generate")) as host:
        graph = Graph()
        drawn = graph.add(
            "WeGenGenerate", copilot=add_copilot(graph, host), n=2, seed=1,
            prompt="a red boat by the wide blue sea", steps=0, guidance=0.0,
        )  # fmt: skip
        graph.add("PreviewImage", images=drawn)
        outcome = run_to_success(server, graph)
    pictures = server.pictures(outcome)
    assert [p.size for p in pictures] == [(64, 64)] * 2
    assert pictures[0].tobytes() != pictures[1].tobytes()
    assert outcome.progress >= 4 and outcome.previews > 0


def test_only_what_is_masked_changes_and_the_rest_is_bit_equal(server):
    before = photo()
    with serving(plan_reply()) as host:
        graph = Graph()
        mask = add_left_half(server, graph)
        add_refine(graph, host, add_image(server, graph, before), mask=mask)
        outcome = run_to_success(server, graph)
    after, mask = server.pictures(outcome)
    old, new = np.asarray(before), np.asarray(after.convert("RGB"))
    kept = np.asarray(mask.convert("L")) == 0
    assert after.size == before.size and (old[kept] == new[kept]).all()
    assert kept[:, 50:].all() and (old[:, :40] != new[:, :40]).any()
    assert "ComfyUI's SD15, recipe Stable Diffusion, seed 1" in server.texts(outcome)[0]


def test_the_users_mask_wins_over_the_plan_for_each_picture_of_a_batch(server):
    with serving(plan_reply()) as host:
        graph = Graph()
        bottom = Image.new("L", (90, 70))
        bottom.paste(255, (0, 40, 90, 70))
        white = add_image(server, graph, bottom.convert("RGB"), "mask.png")
        mask = graph.add("ImageToMask", image=white, channel="red")
        first = add_image(server, graph, photo())
        second = add_image(server, graph, photo().rotate(180), "turned.png")
        both = graph.add("ImageBatch", image1=first, image2=second)
        words = {"instruction": "make the boat red", "seed": 1, "mask": mask}
        refined = graph.add("WeGenRefine", copilot=add_copilot(graph, host), image=both, **words)
        graph.add("PreviewImage", images=refined)
        outcome = run_to_success(server, graph)
    pictures = server.pictures(outcome)
    for before, after in zip((photo(), photo().rotate(180)), pictures, strict=True):
        old, new = np.asarray(before), np.asarray(after.convert("RGB"))
        assert (old[:38] == new[:38]).all() and (old[42:] != new[42:]).any()


def test_a_small_mask_of_a_large_picture_is_painted_as_a_crop(server):
    before = photo((301, 203))
    with serving(plan_reply()) as host:
        graph = Graph()
        white = Image.new("RGB", before.size)
        white.paste("white", (250, 150, 270, 170))
        area = add_image(server, graph, white, "small_mask.png")
        mask = graph.add("ImageToMask", image=area, channel="red")
        source = add_image(server, graph, before, "large.png")
        add_refine(graph, host, source, mask=mask)
        outcome = run_to_success(server, graph)
    after, changed = server.pictures(outcome)
    old, new = np.asarray(before), np.asarray(after.convert("RGB"))
    kept = np.asarray(changed.convert("L")) == 0
    assert after.size == before.size and (old[kept] == new[kept]).all()
    assert kept[np.asarray(white)[..., 0] == 0].all() and (old != new).any()
    assert "painted only a crop, 64x64 at (228, 128) of 301x203" in server.texts(outcome)[0]


def test_comfyuis_sam3_can_say_where(server):
    skip_unless_known(server, "TestSAM3")
    with serving(plan_reply()) as host:
        graph = Graph()
        source = add_image(server, graph, photo())
        point = {"positive_coords": '[{"x": 20, "y": 30}]', "refine_iterations": 0}
        given = {"threshold": 0.5, "individual_masks": False, **point}
        found = graph.add("SAM3_Detect", model=graph.add("TestSAM3"), image=source, **given)
        words = {"instruction": "make the boat red", "seed": 1, "mask": found}
        refined = graph.add("WeGenRefine", copilot=add_copilot(graph, host), image=source, **words)
        graph.add("MaskPreview", mask=found)
        graph.add("PreviewImage", images=refined)
        outcome = run_to_success(server, graph)
    region, after = server.pictures(outcome)
    white = np.asarray(region.convert("L")) > 127
    changed = (np.asarray(after.convert("RGB")) != np.asarray(photo())).any(-1)
    assert white.any() and changed[white].any() and not changed[~white].any()


def test_what_stays_has_the_very_numbers_of_the_source(server):
    with serving(plan_reply()) as host:
        graph = Graph()
        source = graph.add("TestImage", width=64, height=64, value="0.9")  # 0.5: not of 8 bits
        refined = add_refine(graph, host, source, mask=add_left_half(server, graph, (64, 64)))
        outcome = run_to_success(server, equal(graph, source, refined))
    assert 0.5 <= float(server.texts(outcome)[-1]) < 1


def test_a_mask_of_another_shape_is_explained(server):
    with serving(plan_reply()) as host:
        graph = Graph()
        mask = graph.add("SolidMask", value=1.0, width=64, height=32)
        words = {"instruction": "make the boat red", "seed": 1, "mask": mask}
        graph.add(
            "PreviewImage",
            images=graph.add(
                "WeGenRefine", copilot=add_copilot(graph, host), image=blank(graph), **words
            ),
        )
        outcome = server.run(graph)
        assert not host.asked, "planned in vain"
    assert outcome.end == "execution_error"
    assert "mask is 64x32 but the image is 64x64; give a mask of" in outcome.message


def test_another_seed_runs_only_the_sampler_and_what_comes_after_it(server):
    with serving(plan_reply()) as host:
        outcomes = []
        for seed in (1, 2):
            graph = Graph()
            add_refine(graph, host, add_image(server, graph, photo()), seed)
            outcomes.append(run_to_success(server, graph))
            asked = len(host.asked)
    first, second = ([n.rsplit(".", 1)[1] for n in o.begun if "." in n] for o in outcomes)
    assert {"positive", "negative", "encode 1", "mask", "sample", "decode"} <= set(first)
    assert set(second) == {"sample", "decode", "finish"}
    assert asked == 1, "the plan does not depend on the seed"
    changed = [server.pictures(o)[0].tobytes() for o in outcomes]
    assert changed[0] != changed[1]


def test_stop_ends_sampling_at_once(server):
    def stop(count: int) -> None:
        if count == 3:
            server.post("interrupt")

    with serving(plan_reply()) as host:
        graph = Graph()
        add_refine(graph, host, add_image(server, graph, photo()), steps=200)
        outcome = server.run(graph, on_progress=stop)
        assert outcome.end == "execution_interrupted" and outcome.progress < 20
        graph = Graph()
        add_refine(graph, host, add_image(server, graph, photo()))
        run_to_success(server, graph)


def test_what_failed_is_painted_once_more_and_the_better_picture_is_kept(server):
    acts = [plan_reply(), speak("no"), speak("yes")]
    with serving(*acts) as host:
        graph = Graph()
        add_refine(graph, host, add_image(server, graph, photo()), seed=7, check="repaint")
        outcome = run_to_success(server, graph)
        assert len(host.asked) == 3
    assert sum(n.endswith("sample") for n in outcome.begun) == 2
    assert "yes: the boat is red" in server.texts(outcome)[0]


@pytest.mark.parametrize(
    ("more", "told", "asked"),
    [
        ({"check": "report"}, "no: the boat is red (small at", 3),
        ({"check": "repaint", "pictures": 0}, "check skipped: small at 127.0.0.1", 1),
        ({}, None, 1),
    ],
    ids=["report", "blind", "off"],
)
def test_the_check_answers_one_by_one_or_is_said_to_be_skipped(server, more, told, asked):
    said = plan_reply(changes=["the boat is red", "the sea is calm"])
    with serving(said, speak("no"), speak("cannot tell")) as host:
        graph = Graph()
        add_refine(graph, host, add_image(server, graph, photo()), **more)
        outcome = run_to_success(server, graph)
        assert len(host.asked) == asked
    report = server.texts(outcome)[0]
    assert told in report if told else "check" not in report
    assert sum(n.endswith("sample") for n in outcome.begun) == 1


def test_prompts_and_pictures_of_a_list_are_painted_one_by_one(server):
    acts = [plan_reply(intent="generate", region=None)] * 3 + [plan_reply(region=None)]
    with serving(*acts) as host:
        graph = Graph()
        words = graph.add("WeGenRewritePrompt", prompt="a boat", n=2, creativity=0.7, seed=1)
        joined = add_copilot(graph, host)
        given = {"n": 1, "seed": 1, "steps": 0, "guidance": 0.0}
        drawn = graph.add("WeGenGenerate", copilot=joined, prompt=words, **given)
        words = {"instruction": "make the boat red", "seed": 1}
        refined = graph.add("WeGenRefine", copilot=joined, image=drawn, **words)
        graph.add("PreviewImage", images=refined)
        outcome = run_to_success(server, graph)
    assert len(server.pictures(outcome)) == 2
    assert sum(n.endswith("sample") for n in outcome.begun) == 4


@pytest.mark.parametrize(
    ("more", "words"),
    [
        ({"recipe": "FLUX.2"}, "'FLUX.2' does not fit the model, which is SD15; choose 'auto'"),
        ({"vae": "TestFluxVAE"}, "vae has 16 latent channels, and the model (SD15) needs 4"),
        ({"maker": "TestNoEncoder"}, "clip is empty; connect Load CLIP if the checkpoint"),
        (
            {"clip": "TestQwenImage"},
            "clip gives 64 values for each token, and the model (SD15)",
        ),
        ({"parts": {"inpainting": True}}, "paints inside a mask only, and the plan names no"),
    ],
    ids=["recipe", "vae", "no clip", "clip", "mask"],
)
def test_what_does_not_fit_together_is_explained(server, more, words):
    with serving(plan_reply(region=None)) as host:
        graph = Graph()
        if "vae" in more:
            more = {"vae": graph.add(more["vae"])}
        if "clip" in more:
            more = {"clip": output(graph.add(more["clip"]), 1)}
        add_refine(graph, host, blank(graph), **more)
        outcome = server.run(graph)
    assert outcome.end == "execution_error" and words in outcome.message, outcome


def published(maker: str, file: str) -> dict:
    """A tiny model, loaded as if it were that file."""
    return {"maker": maker, "parts": {"unet_name": f"{file}.safetensors"}}


FAMILIES = {
    "FLUX Kontext": published("TestFlux", "flux1-dev-kontext_fp8_scaled"),
    "FLUX.2 Klein": published("TestFlux2", "flux-2-klein-4b-fp8"),
    "Qwen-Image-Edit-Plus": published("TestQwenImage", "qwen_image_edit_2509_fp8_e4m3fn"),
    "Qwen-Image-Edit": published("TestQwenImage", "qwen_image_edit_fp8_e4m3fn"),
    "Qwen-Image": published("TestQwenImage", "qwen_image_fp8_e4m3fn"),
    "FLUX": published("TestFlux", "flux1-dev"),
    "reference latents": {"maker": "TestFlux", "recipe": "reference latents"},
    "image to image": {"maker": "TestFlux", "recipe": "image to image"},
    "FLUX Fill": {"maker": "TestFlux", "parts": {"channels": 96}},
    "Stable Diffusion inpainting": {"parts": {"inpainting": True}},
}
EDITORS = ("FLUX Kontext", "FLUX.2 Klein", "Qwen-Image-Edit-Plus", "reference latents")


@pytest.mark.parametrize("recipe", FAMILIES)
def test_every_family_changes_a_picture_and_keeps_the_rest(server, recipe):
    skip_unless_known(server, **FAMILIES[recipe])
    before = photo((90, 130))
    with serving(plan_reply()) as host:
        graph = Graph()
        mask = add_left_half(server, graph, before.size)
        add_refine(graph, host, add_image(server, graph, before), mask=mask, **FAMILIES[recipe])
        outcome = run_to_success(server, graph)
    after, mask = server.pictures(outcome)
    old, new = np.asarray(before), np.asarray(after.convert("RGB"))
    kept = np.asarray(mask.convert("L")) == 0
    assert f"recipe {recipe}, seed 1" in server.texts(outcome)[0]
    assert after.size == before.size and (old[kept] == new[kept]).all() and kept[:, 60:].all()
    assert (old[:, :40] != new[:, :40]).any()


def test_a_recipe_is_found_through_other_nodes_or_called_a_guess(server):
    for file, told in (("flux1-dev.sft", "FLUX"), ("mix.sft", "FLUX Kontext (a guess: choose it")):
        with serving(plan_reply()) as host:
            graph = Graph()
            made = graph.add("TestFlux", unet_name=file)
            model = graph.add("RescaleCFG", model=made, multiplier=0.7)
            parts = {"model": model, "clip": output(made, 1), "vae": output(made, 2)}
            add_refine(graph, host, add_image(server, graph, photo()), **parts)
            outcome = run_to_success(server, graph)
        assert f"ComfyUI's Flux, recipe {told}" in server.texts(outcome)[0]


@pytest.mark.parametrize("recipe", EDITORS)
def test_every_reference_has_an_effect(server, recipe):
    skip_unless_known(server, **FAMILIES[recipe])
    images = compose_from_colours(server, **FAMILIES[recipe])
    assert all((other != images[0]).any() for other in images[1:])


def test_a_chat_draws_changes_and_answers(server):
    acts = [
        plan_reply(intent="generate", text="A boat for you."),
        plan_reply(),
        plan_reply(intent="answer", text="It is red."),
    ]
    with serving(*acts) as host:
        graph = Graph()
        joined = add_copilot(graph, host)
        talk: dict = {}
        messages = ("draw a boat", "make the boat red", "what colour is it?")
        for seed, message in enumerate(messages):
            turn = graph.add("WeGenChat", copilot=joined, message=message, seed=seed, **talk)
            talk = {"conversation": output(turn, 2)}
            graph.add("PreviewAny", source=turn)
            graph.add("PreviewImage", images=output(turn, 1))
        outcome = run_to_success(server, graph)
    assert server.texts(outcome) == ["A boat for you.", "The boat is red now.", "It is red."]
    drawn, changed, last = (np.asarray(p) for p in server.pictures(outcome))
    assert (drawn != changed).any() and (last == changed).all()


def test_the_built_in_model_plans_for_any_painter(server):
    graph = Graph()
    loader = graph.add("WeGenLoadModel", model="mini", precision="auto")
    given = {"mllm": output(loader, 2), "check": "off", "painter": add_painter(graph)}
    joined = graph.add("WeGenCopilot", **given)
    turn = graph.add("WeGenChat", copilot=joined, message="draw a red boat by the sea", seed=1)
    given = {"conversation": output(turn, 2), "message": "make the boat blue", "seed": 2}
    turn = graph.add("WeGenChat", copilot=joined, **given)
    graph.add("PreviewAny", source=turn)
    graph.add("PreviewImage", images=output(turn, 1))
    outcome = run_to_success(server, graph)
    assert "blue" in server.texts(outcome)[0]
    assert sum(n.endswith("sample") for n in outcome.begun) == 2


def test_a_painter_of_one_picture_composes_by_laying_things_in(server):
    references = [
        {"picture": 1, "role": "subject", "what": "the boat", "strength": 1},
        {"picture": 2, "role": "base", "what": "", "strength": 1},
    ]
    acts = plan_reply(intent="compose", region=[0.5, 0.3, 0.9, 0.9], references=references)
    with serving(acts) as host:
        graph = Graph()
        thing = add_image(server, graph, Image.new("RGB", (40, 40), "red"), "red.png")
        scene = add_image(server, graph, photo())
        words = {"instruction": "put the boat from picture 1 into picture 2", "seed": 1}
        composed = graph.add(
            "WeGenCompose", copilot=add_copilot(graph, host), image_1=thing, image_2=scene, **words
        )
        graph.add("PreviewImage", images=composed)
        outcome = run_to_success(server, graph)
    before, after = np.asarray(photo()), np.asarray(server.pictures(outcome)[0].convert("RGB"))
    assert before.shape == after.shape and (before != after).any()


def test_other_references_are_planned_anew(server):
    with serving(plan_reply(intent="compose", region=None)) as host:
        for role in ("style", "palette"):
            graph = Graph()
            picture = add_image(server, graph, photo())
            given = {"image": picture, "role": role, "what": "", "strength": 1.0}
            reference = graph.add("WeGenReference", **given)
            composed = graph.add(
                "WeGenCompose", copilot=add_copilot(graph, host), image_1=picture, seed=1,
                references=reference, instruction="a boat like this",
            )  # fmt: skip
            graph.add("PreviewImage", images=composed)
            run_to_success(server, graph)
        assert len(host.asked) == 2


def test_what_was_painted_with_is_released(server):
    with serving(plan_reply()) as host:
        graph = Graph()
        add_refine(graph, host, add_image(server, graph, photo()))
        run_to_success(server, graph)
    assert server.get("wegen_test/networks").json() >= 1
    free_all(server)
