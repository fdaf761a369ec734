"""The commands around the models: preserve, convert, train, eval, info."""

from __future__ import annotations

import json
import os
import platform
from argparse import Namespace
from pathlib import Path
from typing import Any

from PIL.Image import Image

from ..images.files import open_full_depth, open_image, write_image
from .provenance import versions


def preserve(args: Namespace) -> None:
    from ..preservation import drift_image, opencv_hint, preserve
    from ..preservation.image_forms import mask_to_image

    for written in filter(None, (args.out, args.change_mask, args.picture)):
        if written.resolve() in (args.source.resolve(), args.edited.resolve()):
            raise ValueError(f"output {written} is one of the inputs; give it another name")
    mask = None if args.mask is None else open_image(args.mask)
    source, source_profile = open_full_depth(args.source)
    edited, edited_profile = open_full_depth(args.edited)
    settings = {"mask_mode": args.mask_mode, "scope": args.scope, "align": args.align}
    done = preserve(source, edited, mask, **settings)
    passed = done.report.decision == "pass"
    write_image(done.image, args.out, edited_profile if passed else source_profile)
    if args.change_mask is not None:
        changed = done.change_mask  # an array where the source was one
        if not isinstance(changed, Image):
            changed = mask_to_image(changed)
        write_image(changed, args.change_mask)
    if args.picture is not None:
        write_image(drift_image(done.drift, done.change_mask), args.picture)
    if args.json:
        print(done.report.to_json())
        return
    print(args.out.as_posix())
    if args.report:
        print(done.report, *opencv_hint(), sep="\n")


def convert(args: Namespace) -> None:
    import torch

    from ..model.checkpoint import convert

    convert(args.official, args.out, args.dtype and getattr(torch, args.dtype))
    print(args.out)


def train(args: Namespace) -> None:
    from ..training.mini import main

    main(args.rest)


def evaluate(args: Namespace) -> None:
    from ..evaluation.mini import main

    main(args.rest)


def info(args: Namespace) -> None:
    facts = {
        "versions": {**versions(), "python": platform.python_version()},
        "model": _model(args.model),
        "devices": _devices(),
    }
    if args.json:
        print(json.dumps(facts, indent=1))
        return
    for title, rows in facts.items():
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
    found: dict[str, Any] = {
        "name": name,
        "folder": str(folder),
        "megabytes": round(sum(p.stat().st_size for p in files) / 1e6, 1),
    }
    if weights:
        found["parameters"] = sum(_parameters(p) for p in weights)
    return found


def _parameters(path: Path) -> int:
    """Counted in the file's header, so that nothing is loaded."""
    with open(path, "rb") as file:
        header = json.loads(file.read(int.from_bytes(file.read(8), "little")))
    total = 0
    for name, tensor in header.items():
        if name != "__metadata__":
            size = 1
            for side in tensor["shape"]:
                size *= side
            total += size
    return total


def _devices() -> dict[str, str]:
    import torch

    found = {"cpu": f"{os.cpu_count()} cores, {torch.get_num_threads()} threads"}
    for i in range(torch.cuda.device_count()):
        found[f"cuda:{i}"] = torch.cuda.get_device_name(i)
    if torch.backends.mps.is_available():
        found["mps"] = "Apple GPU"
    return found
