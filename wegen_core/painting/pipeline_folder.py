"""What a pipeline folder holds, read before diffusers opens it."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

from ..mllm.local.download import hub_snapshot

INDEX = "model_index.json"
_WEIGHTS = re.compile(
    r"(?:diffusion_pytorch_model|pytorch_model|model)(?:-\d{5}-of-\d{5})?(?:\.(?P<variant>\w+))?"
    r"(?:-\d{5}-of-\d{5})?\.(?:safetensors|bin)"
)
# What painting works without, where the pipeline calls it optional.
_DISPENSABLE = {"safety_checker", "feature_extractor", "image_encoder"}


def find(path: Path) -> Path:
    """The pipeline folder that `path` names; of a folder of the hub's cache, the snapshot.

    Raises FileNotFoundError, saying what `path` is instead.
    """
    folder = hub_snapshot(path)
    if (folder / INDEX).is_file():
        return folder
    single = path if path.is_file() else next(path.glob("*.safetensors"), None)
    if single is not None:
        raise FileNotFoundError(
            f"{single} is one file with all weights, not a pipeline folder; use it in ComfyUI, or "
            "convert it once with diffusers: "
            "StableDiffusionXLPipeline.from_single_file(FILE).save_pretrained(FOLDER)"
        )
    raise FileNotFoundError(f"{path} is not a pipeline folder: {INDEX} is missing")


def read_options(folder: Path) -> dict[str, Any]:
    """The arguments of `from_pretrained` that fit the files in `folder`.

    A variant ("fp16", ...) where a component has no other weights, and None for a safety checker
    and the like that were deleted.

    Raises
    ------
    FileNotFoundError
        A component, or its weights, are missing.
    ValueError
        The index cannot be read, the pipeline needs Python code of the folder, which is not run,
        or it needs classes that the installed packages do not have.
    """
    try:
        index = json.loads((folder / INDEX).read_text("utf-8-sig"))
        family, components = index["_class_name"], {}
        for name, value in index.items():
            if isinstance(value, list) and len(value) == 2 and isinstance(value[1], str):
                components[name] = (str(value[0]), value[1])
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        raise ValueError(f"{folder / INDEX} is not the index of a pipeline: {error!r}") from error
    components.pop("_class_name", None)
    _require_classes(folder, family, components)
    import diffusers

    dispensable = _DISPENSABLE & set(getattr(diffusers, family)._optional_components)
    options: dict[str, Any] = {}
    variants = set()
    for name in components:
        paths = list((folder / name).glob("*"))
        weights = [match for path in paths if (match := _WEIGHTS.fullmatch(path.name))]
        is_model = folder / name / "config.json" in paths
        if not paths or (is_model and not weights):
            if name not in dispensable:
                raise FileNotFoundError(
                    f"{folder} lacks {name}{' (its weights)' if paths else ''}; download it again"
                )
            options[name] = None
        elif weights and all(match["variant"] for match in weights):
            variants.add(min(match["variant"] for match in weights))
    if len(variants) > 1:
        raise ValueError(f"{folder} mixes the variants {', '.join(sorted(variants))}; download one")
    if variants:
        options["variant"] = variants.pop()
    return options


def _require_classes(folder: Path, family: Any, components: dict[str, tuple[str, str]]) -> None:
    """ValueError unless installed packages have the classes of a pipeline and its components."""
    import diffusers
    import transformers

    own_code = ValueError(
        f"{folder} needs Python code of its own, and the code of model folders is never run here; "
        "use a pipeline whose classes diffusers itself has"
    )
    if not isinstance(family, str):
        raise own_code
    packages = {"diffusers": diffusers, "transformers": transformers}
    for library, name in [("diffusers", family), *components.values()]:
        if library not in packages:
            if not hasattr(diffusers.pipelines, library):
                raise own_code
        elif not hasattr(packages[library], name):
            package = packages[library]
            raise ValueError(
                f"{folder} needs {name}, which {library} {package.__version__} does not have; "
                f"update {library}"
            )
    for component, (library, name) in components.items():
        if library == "transformers" and name.startswith("Auto"):
            texts = (path.read_text("utf-8") for path in (folder / component).glob("*.json"))
            if any('"auto_map"' in text for text in texts):
                raise own_code
