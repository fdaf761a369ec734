"""Generation against the published code: token by token, with and without guidance."""

from __future__ import annotations

from typing import Any

import pytest
import torch
from torch import Tensor

from tests.support.golden_net import assert_near, golden_net, part, record, tensors
from wegen_core.model.decoding import Llama
from wegen_core.model.generation import Features, Generation

CASES = list(record("generation"))
TOLERANCE = 1e-3  # absolute, over 64 steps of feedback


def _golden(case: str) -> dict[str, Tensor]:
    return part(f"gen_{case.rpartition('_')[0]}", f"{case}.")


def _generate(case: str, features: Features) -> Generation:
    options, given = record("generation")[case], _golden(case)
    return golden_net().generate(
        given["input_ids"],
        tensors("vit")["features_all"][options["image_indices"]],
        given["ids_cmp_mask"],
        options["var_cfg_guidance_scale"],
        options["max_new_tokens"],
        features,
    )


def _close(found: Tensor, expected: Tensor, tolerance: float = TOLERANCE) -> None:
    torch.testing.assert_close(found, expected, rtol=0, atol=tolerance)


@pytest.mark.parametrize("case", CASES)
def test_prompt(case: str) -> None:
    net, options, expected = golden_net(), record("generation")[case], _golden(case)
    ids = [net.tokenizer.bos_id, *net.tokenizer.encode(options["prompt"])]
    assert [ids] == expected["input_ids"].tolist()
    assert len(ids) == options["prompt_len"]
    if "prompt_inputs_embeds" in expected:
        tokens = net.pool(tensors("vit")["features_all"][options["image_indices"]])
        with torch.no_grad():
            embeds = net.embed(expected["input_ids"], tokens, expected["ids_cmp_mask"])
        assert_near(embeds[0], expected["prompt_inputs_embeds"])


@pytest.mark.parametrize("case", CASES)
def test_reference_convention(case: str) -> None:
    net, options, expected = golden_net(), record("generation")[case], _golden(case)
    found = _generate(case, "reference")
    assert found.ids.tolist() == options["new_ids"]
    length = options["prompt_len"]
    assert expected["output_ids"].tolist()[length:] == found.ids.tolist()
    assert found.text == options["text"]
    assert len(found.features) == options["num_gen_imgs"]
    _close(found.hidden, expected["hidden_pred"])
    if "img_gen_feat" not in expected:
        assert found.features.shape == (0, 64, 32)
        return
    _close(found.features, expected["img_gen_feat"])
    with torch.no_grad():
        behind = net.output_projector(expected["output_lm_gen_feat"])
    _close(found.features, behind)


@pytest.mark.parametrize("case", CASES)
def test_aligned_convention(case: str) -> None:
    options, expected = record("generation")[case], _golden(case)
    found = _generate(case, "aligned")
    assert found.ids.tolist() == options["new_ids"]
    assert found.text == options["text"]
    count = options["num_gen_imgs"]
    assert len(found.features) == count
    if not count:
        return
    fed = expected["visual_feats_fed"].view(count, 64, 32)
    _close(found.features[0], fed[0])
    if options["var_cfg_guidance_scale"] == 1:
        _close(found.features, fed)
        _close(found.features[:, 1:], expected["img_gen_feat"][:, :-1])


def test_a_second_image_has_an_unguided_context_of_its_own() -> None:
    """The published code lets it run on; the difference is what `aligned` leaves out."""
    fed = _golden("chat_cfg3")["visual_feats_fed"].view(2, 64, 32)
    found = _generate("chat_cfg3", "aligned").features
    assert (found[1] - fed[1]).abs().max() > 10 * TOLERANCE


@pytest.mark.parametrize("case", CASES)
def test_every_step(case: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """What the loop feeds to the guided and to the unguided branch, and what comes out."""
    net, options, expected = golden_net(), record("generation")[case], _golden(case)
    steps: list[tuple[Any, Tensor, Tensor]] = []
    advance = Llama.advance

    def noted(llama: Llama, embeds: Tensor, caches: Any, valid: Any) -> Tensor:
        hidden = advance(llama, embeds, caches, valid)
        for row, cache in enumerate(caches):
            steps.append((cache, embeds[row], hidden[row, None]))
        return hidden

    monkeypatch.setattr(Llama, "advance", noted)
    _generate(case, "reference")
    prompt_cache = steps[0][0]
    guided = [x for cache, x, _ in steps if cache is prompt_cache]
    fed = torch.cat(guided[1:])[: len(expected["fed_embeds"])]
    _close(fed, expected["fed_embeds"])
    if "visual_feats_fed" in expected:
        # Those of the last token may not be fed any more, as nothing follows it.
        new_ids = torch.tensor(options["new_ids"][: len(fed)])
        visual = torch.isin(new_ids, torch.tensor(net.tokenizer.image_ids))
        with torch.no_grad():
            projected = net.input_projector(expected["visual_feats_fed"])
        _close(fed[visual], projected.flatten(0, -2)[: int(visual.sum())])
    unguided = [(x, h) for cache, x, h in steps if cache is not prompt_cache]
    if "uncond_in" in expected:
        _close(torch.cat([x for x, _ in unguided]), expected["uncond_in"])
        _close(torch.cat([h for _, h in unguided]), expected["uncond_hidden"])
    else:
        assert not unguided
