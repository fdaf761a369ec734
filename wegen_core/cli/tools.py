"""The commands that need no copilot: preserve, convert, train, eval, info."""

from __future__ import annotations

import json
import math
import os
import platform
from argparse import Namespace
from pathlib import Path
from typing import Any

from PIL.Image import Image

from ..images.files import open_full_depth, open_image, write_image
from .provenance import versions


def preserve(args: Namespace) -> None:
    """`wegen preserve`: restore what an edit should not have changed."""
    from ..preservation import drift_image, opencv_hint, preserve
    from ..preservation.image_forms import mask_to_image

    for output in filter(None, (args.out, args.change_mask, args.picture)):
        if output.resolve() in (args.source.resolve(), args.edited.resolve()):
            raise ValueError(f"output {output} is one of the inputs; give it another name")
    mask = None if args.mask is None else open_image(args.mask)
    source, source_profile = open_full_depth(args.source)
    edited, edited_profile = open_full_depth(args.edited)
    settings = {"mask_mode": args.mask_mode, "scope": args.scope, "align": args.align}
    result = preserve(source, edited, mask, **settings)
    passed = result.report.decision == "pass"
    write_image(result.image, args.out, edited_profile if passed else source_profile)
    if args.change_mask is not None:
        change_mask = result.change_mask  # an array if the source is one
        if not isinstance(change_mask, Image):
            change_mask = mask_to_image(change_mask)
        write_image(change_mask, args.change_mask)
    if args.picture is not None:
        write_image(drift_image(result.drift, result.change_mask), args.picture)
    if args.json:
        print(result.report.to_json())
        return
    print(args.out.as_posix())
    if args.report:
        print(result.report, *opencv_hint(), sep="\n")


def convert(args: Namespace) -> None:
    """`wegen convert`: write the official checkpoint as one small folder."""
    import torch

    from ..model.checkpoint import convert

    convert(args.official, args.out, args.dtype and getattr(torch, args.dtype))
    print(args.out)


def train(args: Namespace) -> None:
    """`wegen train`: train a network; the options are those of the recipe."""
    if args.what == "mini":
        from ..training import mini

        mini.main(args.rest)
    elif args.what == "mini128":
        from ..training.embedded import recipe

        recipe.main(args.rest)
    else:
        from ..training import run

        run.main(args.what, args.rest)


def evaluate(args: Namespace) -> None:
    """`wegen eval`: measure a model; the options are those of the evaluation."""
    from ..evaluation.mini import main

    main(args.rest)


def info(args: Namespace) -> None:
    """`wegen info`: print versions, the model's size and the devices."""
    sections = {
        "versions": {**versions(), "python": platform.python_version()},
        "model": _model(args.model),
        "devices": _devices(),
    }
    if args.json:
        print(json.dumps(sections, indent=1))
        return
    for title, rows in sections.items():
        print(title)
        for name, value in rows.items():
            print(f"  {name:<14}{value}")


def _model(name: str) -> dict[str, Any]:
    from ..loading import model_folder

    try:
        folder = model_folder(name)
    except FileNotFoundError as error:
        return {"name": name, "missing": str(error)}
    files = [p for p in folder.rglob("*") if p.is_file()]
    weights = [p for p in files if p.suffix == ".safetensors"]
    model: dict[str, Any] = {
        "name": name,
        "folder": str(folder),
        "megabytes": round(sum(p.stat().st_size for p in files) / 1e6, 1),
    }
    if weights:
        model["parameters"] = sum(_parameters(p) for p in weights)
    return model


def _parameters(path: Path) -> int:
    """The number of parameters in a safetensors file, from its header alone."""
    with open(path, "rb") as file:
        header = json.loads(file.read(int.from_bytes(file.read(8), "little")))
    total = 0
    for name, tensor in header.items():
        if name != "__metadata__":
            total += math.prod(tensor["shape"])
    return total


def _devices() -> dict[str, str]:
    import torch

    devices = {"cpu": f"{os.cpu_count()} cores, {torch.get_num_threads()} threads"}
    for i in range(torch.cuda.device_count()):
        devices[f"cuda:{i}"] = torch.cuda.get_device_name(i)
    if torch.backends.mps.is_available():
        devices["mps"] = "Apple GPU"
    return devices
