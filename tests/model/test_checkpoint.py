"""Loading, saving and converting checkpoints."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
import torch
from safetensors.torch import load_file

from tests.support.published_layout import GOLDEN, SDXL, TOKENIZER, UNET, VISION, write_official
from wegen_core.model import WeGen, checkpoint
from wegen_core.model.weights import StoredTensor
from wegen_core.records.hooks import Hooks, Stopped

RENAMED = {
    "input_projector.weight": "input_resampler.proj.weight",
    "output_projector.weight": "output_resampler.proj.weight",
}


@pytest.fixture(scope="module")
def source(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_official(tmp_path_factory.mktemp("official"))


@pytest.fixture(scope="module")
def net(source: Path) -> WeGen:
    return WeGen.from_pretrained(source)


def golden_weights() -> dict[str, torch.Tensor]:
    """The golden weights under our network's names."""
    agent = load_file(GOLDEN / "agent.safetensors")
    weights = {ours: agent[theirs] for ours, theirs in RENAMED.items()}
    weights |= {k: v for k, v in agent.items() if k.startswith("llm.")}
    for ours, theirs in (("unet.", "adapter.unet."), ("vae.", "adapter.vae.")):
        part = {k: v for k, v in agent.items() if k.startswith(theirs)}
        weights |= {k.replace(theirs, ours, 1): v for k, v in part.items()}
    visual = load_file(GOLDEN / "visual.safetensors")
    return weights | {f"vision.{k}": v for k, v in visual.items()}


def assert_same(net: WeGen, expected: dict[str, torch.Tensor]) -> None:
    found = net.state_dict()
    for name, tensor in expected.items():
        if not name.endswith("inv_freq"):
            assert torch.equal(found[name], tensor), name
    assert not [n for n, t in (*net.named_parameters(), *net.named_buffers()) if t.is_meta]


def test_official_folder(net: WeGen) -> None:
    assert_same(net, golden_weights())
    assert net.config.llm["vocab_size"] == 494
    assert (net.config.paint.width, net.config.paint.steps) == (64, 50)
    assert not net.training


def test_rotary_table(net: WeGen) -> None:
    table = net.llm.model.rotary_emb.inv_freq
    assert table.dtype == torch.float32
    torch.testing.assert_close(table, 10000.0 ** (-torch.arange(0, 12, 2) / 12))


def test_another_rotary_base(source: Path, tmp_path: Path) -> None:
    folder = shutil.copytree(source, tmp_path / "official")
    path = folder / "pretrained/meta-llama/Llama-2-7b-chat-hf/config.json"
    record = json.loads(path.read_text()) | {"rope_theta": 500.0, "rope_scaling": None}
    path.write_text(json.dumps(record))
    table = WeGen.from_pretrained(folder).llm.model.rotary_emb.inv_freq
    torch.testing.assert_close(table, 500.0 ** (-torch.arange(0, 12, 2) / 12))


@pytest.mark.parametrize("legacy", [False, True])
def test_official_folder_in_shards(tmp_path: Path, legacy: bool) -> None:
    folder = write_official(tmp_path, sharded=True, legacy=legacy)
    assert checkpoint.is_official(folder)
    assert_same(WeGen.from_pretrained(folder), golden_weights())


def test_painter_in_its_own_folders(tmp_path: Path) -> None:
    net = WeGen.from_pretrained(write_official(tmp_path, painter_in_agent=False))
    expected = golden_weights()
    unet = {n: expected.pop(n) for n in list(expected) if n.startswith("unet.")}
    assert_same(net, expected)
    for name, tensor in unet.items():  # the golden folder holds them rounded to bfloat16
        assert torch.equal(net.state_dict()[name], tensor.bfloat16().float()), name


def test_old_attention_names_of_the_vae(tmp_path: Path) -> None:
    folder = write_official(tmp_path, painter_in_agent=False)
    path = folder / SDXL / "vae" / "diffusion_pytorch_model.bin"
    weights = torch.load(path)
    old = {"to_q": "query", "to_k": "key", "to_v": "value", "to_out.0": "proj_attn"}
    for new, name in old.items():
        weights = {k.replace(f".{new}.", f".{name}."): v for k, v in weights.items()}
    assert any(".query." in name for name in weights)
    torch.save(weights, path)
    assert torch.equal(
        WeGen.from_pretrained(folder).vae.encoder.mid_block.attentions[0].to_q.weight,
        golden_weights()["vae.encoder.mid_block.attentions.0.to_q.weight"],
    )


def test_separate_attention_biases(source: Path, tmp_path: Path) -> None:
    folder = shutil.copytree(source, tmp_path / "official")
    visual = torch.load(folder / VISION / "visual.pt")
    bias = visual.pop("blocks.1.attn.qkv.bias")
    visual["blocks.1.attn.q_bias"], _, visual["blocks.1.attn.v_bias"] = bias.chunk(3)
    torch.save(visual, folder / VISION / "visual.pt")
    net = WeGen.from_pretrained(folder, dtype=torch.bfloat16)
    loaded = net.state_dict()["vision.blocks.1.attn.qkv.bias"]
    query, _, value = bias.bfloat16().chunk(3)
    assert torch.equal(loaded, torch.cat([query, torch.zeros_like(query), value]))


def test_dtypes(source: Path) -> None:
    net = WeGen.from_pretrained(source, dtype=torch.bfloat16)
    assert {p.dtype for p in net.parameters()} == {torch.bfloat16}
    assert net.llm.model.rotary_emb.inv_freq.dtype == torch.float32
    half = WeGen.from_pretrained(source, dtype=torch.float16)
    assert half.vae.dtype == torch.float32  # SDXL's VAE overflows in float16
    assert half.unet.dtype == half.llm.dtype == half.dtype == torch.float16


def test_loaded_weights_can_be_trained(source: Path) -> None:
    net = WeGen.from_pretrained(source)
    assert all(p.requires_grad for p in net.parameters())
    with torch.no_grad():
        net.input_projector.weight.zero_()
    assert WeGen.from_pretrained(source).input_projector.weight.abs().sum() > 0


def test_stop_is_heard_between_the_tensors(source: Path, monkeypatch) -> None:
    read: list[str] = []
    original = StoredTensor.read

    def counted(self: StoredTensor, *arguments: object) -> torch.Tensor:
        read.append(self.name)
        return original(self, *arguments)

    monkeypatch.setattr(StoredTensor, "read", counted)
    with pytest.raises(Stopped):
        WeGen.from_pretrained(source, hooks=Hooks(should_stop=lambda: len(read) == 3))
    assert len(read) == 3


@pytest.mark.parametrize("max_shard", [4_000_000_000, 500_000])
def test_convert(source: Path, tmp_path: Path, max_shard: int) -> None:
    out = tmp_path / "new" / "converted"
    checkpoint.convert(source, out, max_shard=max_shard, progress=False)
    shards = sorted(out.glob("*.safetensors"))
    assert len(shards) == (1 if max_shard > 1_000_000 else 5)
    assert max(s.stat().st_size for s in shards) < max_shard + 100_000
    stored = {k: v for shard in shards for k, v in load_file(shard).items()}
    net = WeGen.from_pretrained(out)
    assert stored.keys() == net.state_dict().keys()
    assert_same(net, golden_weights())
    assert checkpoint.read_config(out) == checkpoint.read_config(source) == net.config
    assert not checkpoint.is_official(out)
    assert [p.name for p in out.parent.iterdir()] == ["converted"]
    for file in (GOLDEN / "tokenizer").iterdir():
        assert (out / "tokenizer" / file.name).read_bytes() == file.read_bytes()


def test_convert_to_another_dtype(source: Path, tmp_path: Path) -> None:
    out = tmp_path / "converted"
    checkpoint.convert(source, out, torch.bfloat16, progress=False)
    expected = golden_weights()
    for name, tensor in load_file(out / "model.safetensors").items():
        assert torch.equal(tensor, expected[name].bfloat16()), name


def test_convert_keeps_what_is_there(source: Path, tmp_path: Path) -> None:
    out = tmp_path / "out"
    out.mkdir()
    (out / "thesis.txt").write_text("mine")
    with pytest.raises(FileExistsError, match="exists already"):
        checkpoint.convert(source, out)
    with pytest.raises(FileExistsError, match="is not a WeGen model"):
        checkpoint.convert(source, out, overwrite=True)
    assert [p.name for p in out.iterdir()] == ["thesis.txt"]


def test_convert_replaces_a_model_if_told(source: Path, tmp_path: Path) -> None:
    out = tmp_path / "out"
    checkpoint.convert(source, out, progress=False)
    checkpoint.convert(source, out, torch.bfloat16, overwrite=True, progress=False)
    checkpoint.convert(out, out, torch.float16, overwrite=True, progress=False)
    assert {t.dtype for t in load_file(out / "model.safetensors").values()} == {torch.float16}
    assert [p.name for p in tmp_path.iterdir()] == ["out"]


def test_a_failed_conversion_leaves_nothing(source: Path, tmp_path: Path, monkeypatch) -> None:
    def full_disk(*_: object) -> None:
        raise OSError("no space left on device")

    out = tmp_path / "out"
    checkpoint.convert(source, out, progress=False)
    monkeypatch.setattr(checkpoint, "write_weights", full_disk)
    with pytest.raises(OSError, match="no space"):
        checkpoint.convert(source, out, overwrite=True)
    assert [p.name for p in tmp_path.iterdir()] == ["out"]
    assert_same(WeGen.from_pretrained(out), golden_weights())


def test_save(net: WeGen, tmp_path: Path) -> None:
    checkpoint.save_network(net, tmp_path / "saved")
    assert_same(WeGen.from_pretrained(tmp_path / "saved"), golden_weights())
    with pytest.raises(FileExistsError):
        checkpoint.save_network(net, tmp_path / "saved")


def test_tied_embeddings(net: WeGen, tmp_path: Path) -> None:
    config = json.loads(json.dumps(net.config.to_json()))
    config["llm"]["tie_word_embeddings"] = True
    tied = WeGen(type(net.config).from_json(config), net.tokenizer)
    checkpoint.save_network(tied, tmp_path / "tied")
    assert "llm.lm_head.weight" not in load_file(tmp_path / "tied" / "model.safetensors")
    loaded = WeGen.from_pretrained(tmp_path / "tied")
    assert loaded.llm.lm_head.weight is loaded.llm.model.embed_tokens.weight
    assert torch.equal(loaded.llm.lm_head.weight, tied.llm.lm_head.weight)


def test_extra_weights_are_tolerated(source: Path, tmp_path: Path) -> None:
    folder = shutil.copytree(source, tmp_path / "official")
    agent = torch.load(folder / "pytorch_model.bin")
    agent["adapter.visual_encoder.blocks.0.attn.qkv.weight"] = torch.zeros(2)
    agent["llm.model.layers.0.self_attn.rotary_emb.inv_freq"] = torch.zeros(6)
    torch.save(agent, folder / "pytorch_model.bin")
    assert_same(WeGen.from_pretrained(folder), golden_weights())


def test_missing_weights(source: Path, tmp_path: Path) -> None:
    folder = shutil.copytree(source, tmp_path / "official")
    agent = torch.load(folder / "pytorch_model.bin")
    del agent["llm.model.norm.weight"], agent["output_resampler.proj.weight"]
    torch.save(agent, folder / "pytorch_model.bin")
    with pytest.raises(ValueError, match=r"2 of .* are missing: .*output_projector|llm.model.norm"):
        WeGen.from_pretrained(folder)
    with pytest.raises(ValueError, match="are missing"):
        checkpoint.convert(folder, tmp_path / "out")
    assert not (tmp_path / "out").exists()


def test_checkpoints_of_another_form(source: Path, tmp_path: Path) -> None:
    folder = shutil.copytree(source, tmp_path / "official")
    agent = torch.load(folder / "pytorch_model.bin")
    torch.save({f"module.{name}": w for name, w in agent.items()}, folder / "pytorch_model.bin")
    with pytest.raises(ValueError, match=r"saved from a wrapped model: .* begins with 'module.'"):
        WeGen.from_pretrained(folder)
    torch.save({"epoch": 3, "state_dict": agent}, folder / "pytorch_model.bin")
    with pytest.raises(ValueError, match=r"holds a training checkpoint \(state_dict\)"):
        WeGen.from_pretrained(folder)
    (folder / "pytorch_model.bin").unlink()
    (folder / "pytorch_model.bin.index.json").write_text("{}")
    with pytest.raises(ValueError, match=r"index.json has no weight_map"):
        WeGen.from_pretrained(folder)


def test_wrong_sizes(source: Path, tmp_path: Path) -> None:
    folder = shutil.copytree(source, tmp_path / "official")
    path = folder / VISION / "config.json"
    path.write_text(json.dumps(json.loads(path.read_text()) | {"image_size": 56}))
    with pytest.raises(ValueError, match=r"vision.pos_embed is \[1, 257, 32\], not \[1, 65, 32\]"):
        WeGen.from_pretrained(folder)


@pytest.mark.parametrize(
    ("missing", "message"),
    [
        ("pytorch_model.bin", "no pytorch_model.bin"),
        (f"{VISION}/visual.pt", "image encoder"),
        (f"{TOKENIZER}/tokenizer.model", "tokenizer.model"),
        (f"{UNET}/config.json", "U-Net's sizes"),
        (f"{SDXL}/vae/config.json", "VAE's sizes"),
        ("pretrained/meta-llama/Llama-2-7b-chat-hf/config.json", "language model's sizes"),
    ],
)
def test_missing_files(source: Path, tmp_path: Path, missing: str, message: str) -> None:
    folder = shutil.copytree(source, tmp_path / "official")
    (folder / missing).unlink()
    with pytest.raises(FileNotFoundError, match=message):
        WeGen.from_pretrained(folder)


def test_missing_painter(tmp_path: Path) -> None:
    folder = write_official(tmp_path, painter_in_agent=False)
    (folder / UNET / "diffusion_pytorch_model.bf16.safetensors").unlink()
    with pytest.raises(FileNotFoundError, match="unet holds no diffusion_pytorch_model"):
        WeGen.from_pretrained(folder)


def test_no_model_at_all(tmp_path: Path) -> None:
    for folder in (tmp_path, tmp_path / "nowhere"):
        with pytest.raises(FileNotFoundError, match="holds no WeGen model"):
            WeGen.from_pretrained(folder)


@pytest.mark.parametrize("name", ["pytorch_model.bin", f"{VISION}/visual.pt"])
def test_broken_files(source: Path, tmp_path: Path, name: str) -> None:
    folder = shutil.copytree(source, tmp_path / "official")
    (folder / name).write_bytes(b"version https://git-lfs.github.com/spec/v1\n")
    with pytest.raises(ValueError, match="git-lfs pointer"):
        WeGen.from_pretrained(folder)


def test_missing_shard(source: Path, tmp_path: Path) -> None:
    checkpoint.convert(source, tmp_path / "out", max_shard=500_000, progress=False)
    next((tmp_path / "out").glob("*-00002-of-*")).unlink()
    with pytest.raises(FileNotFoundError, match="00002-of-00005"):
        WeGen.from_pretrained(tmp_path / "out")


def test_tokenizer_of_another_model(source: Path, tmp_path: Path) -> None:
    folder = shutil.copytree(source, tmp_path / "official")
    path = folder / TOKENIZER / "added_tokens.json"
    path.write_text(json.dumps(json.loads(path.read_text()) | {"<new>": 494}))
    with pytest.raises(ValueError, match=r"495 tokens.*only 494"):
        WeGen.from_pretrained(folder)


MAX_SHARD = 40_000_000

PEAK = """
import ctypes, json, sys, torch
from wegen_core.model import WeGen, checkpoint

def status(key):
    lines = open("/proc/self/status").read().splitlines()
    return next(int(l.split()[1]) for l in lines if l.startswith(key)) / 1024

def peak(work):
    ctypes.CDLL(None).malloc_trim(0)  # or memory freed by an earlier case would hide something
    before = status("VmRSS")
    open("/proc/self/clear_refs", "w").write("5")  # the peak starts anew here
    kept = work()
    return status("VmHWM") - before, kept

def loaded(folder, dtype):
    return sum(p.nbytes for p in WeGen.from_pretrained(folder, dtype=dtype).parameters()) / 2**20

official, small, out, shard = sys.argv[1:]
WeGen.from_pretrained(small)  # imports and first-call costs
def convert():
    checkpoint.convert(official, out, max_shard=int(shard), progress=False)

results = {"convert": peak(convert)}
for folder in (official, out):
    for dtype in (torch.bfloat16, torch.float32):
        results[f"{folder} {dtype}"] = peak(lambda: loaded(folder, dtype))
print(json.dumps(results))
"""


@pytest.fixture(scope="module")
def large(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """An official folder with a language model of about 300 MB."""
    folder = write_official(tmp_path_factory.mktemp("large"))
    sizes = {"hidden_size": 512, "intermediate_size": 2048, "num_hidden_layers": 18}
    path = folder / "pretrained/meta-llama/Llama-2-7b-chat-hf/config.json"
    record = json.loads(path.read_text()) | sizes | {"num_attention_heads": 8}
    path.write_text(json.dumps(record))
    with torch.device("meta"):
        shapes = WeGen(checkpoint.read_config(folder), checkpoint.Tokenizer(folder / TOKENIZER))
    agent = load_file(GOLDEN / "agent.safetensors")
    names = [name for name in shapes.state_dict() if name.startswith("llm.")]
    agent |= {name: torch.randn(shapes.state_dict()[name].shape) for name in names}
    for ours, theirs in RENAMED.items():
        agent[theirs] = torch.randn(shapes.state_dict()[ours].shape)
    torch.save(agent, folder / "pytorch_model.bin")
    yield folder
    shutil.rmtree(folder)


@pytest.mark.skipif(not Path("/proc/self/clear_refs").exists(), reason="needs Linux's /proc")
@pytest.mark.slow
def test_peak_memory(large: Path, source: Path) -> None:
    out = large.with_name("converted")
    run = subprocess.run(
        [sys.executable, "-c", PEAK, str(large), str(source), str(out), str(MAX_SHARD)],
        capture_output=True,
        text=True,
        check=True,
        env=os.environ | {"PYTHONPATH": str(Path(__file__).parents[2]), "OMP_NUM_THREADS": "1"},
    )
    shutil.rmtree(out)
    peaks = json.loads(run.stdout)
    assert peaks.pop("convert")[0] < 60 + MAX_SHARD / 2**20
    assert len(peaks) == 4
    for case, (peak, size) in peaks.items():
        assert size > 100 and peak <= 1.15 * size, (case, peak, size)
