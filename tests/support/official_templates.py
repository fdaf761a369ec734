"""ComfyUI's own example graphs as plain facts: what samples, with which numbers, linked how.

    python -m tests.support.official_templates

writes the facts of the graphs that recipes name from the installed package
`comfyui-workflow-templates-json` to `data/official_templates.json`. The graphs themselves stay in
their package.
"""

from __future__ import annotations

import json
from collections.abc import Iterable
from importlib.util import find_spec
from pathlib import Path
from typing import Any

PACKAGE = "comfyui_workflow_templates_json"
FACTS = Path(__file__).with_name("data") / "official_templates.json"
VERSION = "0.1.123"  # of the package, when the facts were read

# Names of the widgets of a node, in the order of a saved graph; "-": not a setting of the image.
_EMPTY = ("width", "height", "batch_size")
WIDGETS: dict[str, tuple[str, ...]] = {
    "KSampler": ("-", "-", "steps", "cfg", "sampler_name", "scheduler", "denoise"),
    "SamplerCustom": ("add_noise", "-", "-", "cfg"),
    "RandomNoise": ("-", "-"),
    "CFGGuider": ("cfg",),
    "DualCFGGuider": ("cfg_conds", "cfg_cond2_negative", "style"),
    "KSamplerSelect": ("sampler_name",),
    "SamplerLCM": ("s_noise", "s_noise_end", "noise_clip_std"),
    "BasicScheduler": ("scheduler", "steps", "denoise"),
    "Flux2Scheduler": ("steps", "width", "height"),
    "ManualSigmas": ("sigmas",),
    "ModelSamplingAuraFlow": ("shift",),
    "ModelSamplingSD3": ("shift",),
    "ModelSamplingFlux": ("max_shift", "base_shift", "width", "height"),
    "ModelNoiseScale": ("noise_scale",),
    "ModelAttentionBackend": ("attention",),
    "CFGNorm": ("strength", "pre_cfg"),
    "QwenImage21Cache": ("device", "dtype"),
    "LoraLoaderModelOnly": ("-", "strength_model"),
    "T5TokenizerOptions": ("min_padding", "min_length"),
    "SkipLayerGuidanceDiTSimple": (
        "double_layers", "single_layers", "start_percent", "end_percent",
    ),
    "HiDreamO1PatchSeamSmoothing": (
        "start_percent", "end_percent", "pattern", "passes", "blend", "strength",
    ),
    "FluxGuidance": ("guidance",),
    "FluxKontextMultiReferenceLatentMethod": ("reference_latents_method",),
    "ReferenceMultiLatent": ("resolution", "resolution.megapixels"),
    "TextEncodeQwenImage21": ("prompt", "negative_prompt", "resolution"),
    "TextEncodeMageFlowEdit": ("prompt", "negative_prompt", *_EMPTY),
    "TextEncodeFibo2": ("prompt", "negative_prompt", *_EMPTY),
    "TextEncodeBooguEdit": ("prompt", "negative_prompt"),
    "TextEncodeMOSSImageEdit": ("prompt", "edit_format", "image_strength"),
    **dict.fromkeys(
        ("TextEncodeQwenImageEdit", "TextEncodeQwenImageEditPlus", "TextEncodeJoyImageEdit",
         "TextEncodeMingImageEdit"),
        ("prompt",),
    ),
    "CLIPTextEncode": ("text",),
    **dict.fromkeys(
        ("EmptyLatentImage", "EmptySD3LatentImage", "EmptyFlux2LatentImage",
         "EmptyHiDreamO1LatentImage"),
        _EMPTY,
    ),
}  # fmt: skip
TEXTS = ("prompt", "text", "negative_prompt", "user_prompt")
LOADERS = {"MODEL": "MODEL", "CLIP": "CLIP", "VAE": "VAE"}
SCALES = {  # node -> where its widgets give megapixels and the steps of a side
    "ImageScaleToTotalPixels": (1, 2),
    "ResizeImageMaskNode": (1, None),
    "FluxKontextImageScale": (None, None),
    "ImageScale": (None, None),
}
SIZES = ("GetImageSize", "ResolutionSelector", "ComfyMathExpression")
PASSES = {"PreviewAny": "source", "Reroute": "", "ImageStitch": "image1"}


class Template:
    """One example graph, its subgraphs laid open.

    data: as saved by ComfyUI's page.
    """

    def __init__(self, data: dict[str, Any]) -> None:
        self.subgraphs = {s["id"]: s for s in data.get("definitions", {}).get("subgraphs", ())}
        self.nodes: dict[str, dict[str, Any]] = {}  # path of ids -> node
        self.inputs: dict[str, dict[str, Any]] = {}  # path -> input -> (path, slot) or a value
        self.outputs: dict[str, list[Any]] = {}  # path of a subgraph -> what its outputs are
        self._add(data, "", {})

    def _add(self, graph: dict[str, Any], path: str, outside: dict[int, Any]) -> None:
        """Add the nodes of `graph`; outside: what the inputs of a subgraph get, by slot."""
        links = {}
        for link in graph["links"]:
            fields = ("id", "origin_id", "origin_slot", "target_id", "target_slot")
            link = link if isinstance(link, dict) else dict(zip(fields, link, strict=False))
            links[link["id"]] = link

        def source(link_id: int) -> Any:
            origin, slot = links[link_id]["origin_id"], links[link_id]["origin_slot"]
            return outside.get(slot) if origin == -10 else (f"{path}{origin}", slot)

        for node in graph["nodes"]:
            name = f"{path}{node['id']}"
            self.nodes[name] = node
            linked = [i for i in node.get("inputs", ()) if i.get("link") is not None]
            sources = {i["name"]: source(i["link"]) for i in linked}
            self.inputs[name] = {k: v for k, v in sources.items() if v is not None}
            if node["type"] in self.subgraphs and node.get("mode") not in (2, 4):  # else off
                self._enter(node, name)
        if "outputs" in graph:
            ids = [o["linkIds"] for o in graph["outputs"]]
            self.outputs[path] = [source(i[0]) if i else None for i in ids]

    def _enter(self, node: dict[str, Any], name: str) -> None:
        inner = self.subgraphs[node["type"]]
        plain = ("STRING", "INT", "FLOAT", "COMBO", "BOOLEAN")
        widgets = [i["name"] for i in inner["inputs"] if i["type"] in plain]
        values = node.get("widgets_values") or []
        given: dict[str, Any] = {}
        if len(widgets) == len(values):  # else the widgets stand for those of the nodes inside
            given = {k: [v] for k, v in zip(widgets, values, strict=True)}
        given |= self.inputs[name]
        outside = {slot: given.get(i["name"]) for slot, i in enumerate(inner["inputs"])}
        self._add(inner, f"{name}:", outside)

    def widget(self, name: str, index: int) -> Any:
        """The value of a widget."""
        values = self.nodes[name].get("widgets_values") or []
        return values[index] if isinstance(values, list) and index < len(values) else None

    def resolve(self, value: Any) -> Any:
        """What an input gets in the end: (path, slot) of a node that works, a list with a plain
        value, or None."""
        if not isinstance(value, tuple):
            return value
        name, slot = value
        node = self.nodes[name]
        kind, inputs = node["type"], self.inputs[name]
        if node.get("mode") == 4:
            wanted = node["outputs"][slot]["type"]
            through = (i for i in node["inputs"] if i["type"] == wanted)
            return self.resolve(next((inputs.get(i["name"]) for i in through), None))
        if node.get("mode") == 2:
            return None
        if kind in self.subgraphs:
            return self.resolve(self.outputs[f"{name}:"][slot])
        if kind in PASSES:
            return self.resolve(inputs.get(PASSES[kind]))
        if kind.startswith("Primitive"):
            return self.resolve(inputs["value"]) if "value" in inputs else [self.widget(name, 0)]
        if kind == "ComfySwitchNode":
            switch = self.resolve(inputs.get("switch", [self.widget(name, 0)]))
            return self.resolve(inputs.get("on_true" if switch[0] else "on_false"))
        return name, slot


def facts(data: dict[str, Any]) -> dict[str, Any]:
    """What makes the image in an example graph.

    Returns
    -------
    dict
        "nodes": [type, {input: value}] of each node from the sampler upwards, where a value is a
        number or a word, "TEXT", "SIZE" (of the image), "IMAGE", "MODEL", "CLIP" or "VAE" (as
        loaded), or "Type.output" of another node. "images": how many the model reads. "size":
        [megapixels, steps of a side] that images are scaled to, null where the node says none;
        absent if they are not scaled.
    """
    template = Template(data)
    result: dict[str, Any] = {"nodes": []}
    images: set[str] = set()
    done: set[str] = set()

    def canonical(name: str, value: Any) -> Any:
        value = template.resolve(value)
        if not isinstance(value, tuple):
            return value[0] if value else None
        source, slot = value
        kind = template.nodes[source]["type"]
        if kind in SCALES:
            columns = SCALES[kind]
            result["size"] = [None if c is None else template.widget(source, c) for c in columns]
            return canonical(name, next(iter(template.inputs[source].values())))
        if kind == "LoadImage":
            images.add(source)
            return "IMAGE"
        if kind in SIZES:
            return "SIZE"
        loaded = template.nodes[source]["outputs"][slot]["type"]
        if kind.endswith("Loader") or kind.endswith("LoaderSimple"):
            return loaded
        visit(source)
        return f"{kind}.{slot}"

    def visit(name: str) -> None:
        if name in done:
            return
        done.add(name)
        kind = template.nodes[name]["type"]
        count = len(template.nodes[name].get("widgets_values") or [])
        if count and kind not in WIDGETS:
            raise ValueError(f"the widgets of {kind} are not known; add them to WIDGETS")
        inputs: dict[str, Any] = {
            w: template.widget(name, i) for i, w in enumerate(WIDGETS.get(kind, ())[:count])
        }
        linked = template.inputs[name]
        inputs |= {k: canonical(k, v) for k, v in linked.items() if k not in TEXTS}
        inputs |= {k: "TEXT" for k in TEXTS if k in inputs or k in linked}
        for k in ("width", "height"):
            if k in inputs and kind.startswith(("Empty", "ModelSampling", "TextEncode", "Flux2")):
                inputs[k] = "SIZE"
        drop = ("-", "seed", "noise_seed")
        inputs = {k: v for k, v in inputs.items() if k not in drop and v is not None}
        result["nodes"].append([kind, dict(sorted(inputs.items()))])

    visit(next(n for n, node in template.nodes.items() if node["type"] == "VAEDecode"))
    result["nodes"].sort(key=repr)
    return result | {"images": len(images)}


def differences(theirs: dict[str, Any], ours: list[list[Any]]) -> dict[str, tuple[Any, Any]]:
    """Where two graphs differ: a node's class, "+" and a class that only `ours` has, or
    "class.input"; with the values of both."""
    found: dict[str, tuple[Any, Any]] = {}
    kinds = {kind for kind, _ in (*theirs["nodes"], *ours)}
    for kind in kinds:
        one, two = ([i for k, i in nodes if k == kind] for nodes in (theirs["nodes"], ours))
        if not one or not two:
            found[kind if one else f"+{kind}"] = (one, two)
            continue
        for name in {name for inputs in (*one, *two) for name in inputs}:
            values = [sorted({repr(_number(i.get(name))) for i in side}) for side in (one, two)]
            if values[0] != values[1]:
                found[f"{kind}.{name}"] = (values[0], values[1])
    return found


def _number(value: Any) -> Any:
    """A value in one form; a switch that is off is as good as one that is not there."""
    if value is False:
        return None
    return round(float(value), 6) if isinstance(value, int | float) else value


def folder() -> Path | None:
    """The example graphs of the installed package; None: it is not installed."""
    spec = find_spec(PACKAGE)
    places: Iterable[str] = spec.submodule_search_locations or () if spec else ()
    return next((Path(p) / "templates" for p in places), None)


def read(names: Iterable[str]) -> dict[str, Any]:
    """The facts of example graphs of the installed package, with the version that they need."""
    place = folder()
    if place is None:
        raise FileNotFoundError(f"install {PACKAGE.replace('_', '-')}")
    index = json.loads((place / "index.json").read_text("utf-8"))
    core = {
        t["name"]: t.get("minComfyUIVersion", "") for group in index for t in group["templates"]
    }
    return {
        name: {"core": core[name], **facts(json.loads((place / f"{name}.json").read_text("utf-8")))}
        for name in sorted(names)
    }


def main() -> None:
    from tests.support.pack import loaded_pack

    with loaded_pack(Path(".")) as pack:
        recipes = pack.module("nodes.backend.recipes").RECIPES
        names = {name for recipe in recipes for name in recipe.templates}
    rows = [f"{json.dumps(k)}: {json.dumps(v)}" for k, v in read(names).items()]
    FACTS.write_text("{\n" + ",\n".join(rows) + "\n}\n", "utf-8")


if __name__ == "__main__":
    main()
