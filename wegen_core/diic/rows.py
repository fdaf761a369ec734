"""Rows: samples as Parquet, documented in docs/data.md, and as WebDataset tar files."""

from __future__ import annotations

import io
import itertools
import json
import os
import secrets
import tarfile
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any, Literal

from PIL import Image

from ..records.conversation import Conversation, ImagePart
from .masks import decode_rle, encode_rle
from .records import ImageRecord, Sample

VERSION = "1"
PNG_START = b"\x89PNG"
ImageFormat = Literal["jpeg", "png"]


@dataclass(frozen=True)
class RowHead:
    """What is known of a row without reading its images, and where the row is.

    Parameters
    ----------
    file, group, row
        The Parquet file, its row group, and the row in this group.
    id, kind, turns, scores, sources
        As in docs/data.md.
    """

    file: Path
    group: int
    row: int
    id: str
    kind: str
    turns: list[dict[str, Any]]
    scores: dict[str, float]
    sources: dict[str, Any]


def schema() -> Any:
    """The Arrow schema of a row."""
    pa = _arrow()
    part = pa.struct(
        [("type", pa.string()), ("text", pa.string()), ("image", pa.int32()), ("learn", pa.bool_())]
    )
    image = pa.struct(
        [
            ("bytes", pa.binary()),
            ("width", pa.int32()),
            ("height", pa.int32()),
            ("time", pa.float64()),
            ("track_id", pa.int32()),
            ("box", pa.list_(pa.int32())),
            ("mask_rle", pa.list_(pa.int32())),
            ("mask_size", pa.list_(pa.int32())),
        ]
    )
    fields = [
        ("sample_id", pa.string()),
        ("kind", pa.string()),
        ("turns", pa.list_(pa.struct([("role", pa.string()), ("parts", pa.list_(part))]))),
        ("images", pa.list_(image)),
        ("scores", pa.map_(pa.string(), pa.float64())),
        ("sources", pa.map_(pa.string(), pa.string())),
        ("versions", pa.map_(pa.string(), pa.string())),
    ]
    return pa.schema(fields, metadata={"wegen_rows": VERSION})


def to_row(sample: Sample, image_format: ImageFormat = "jpeg") -> dict[str, Any]:
    """A sample as plain values that fit `schema`."""
    images: list[dict[str, Any]] = []
    turns = []
    records = iter(sample.images)
    for turn, learn in zip(sample.conversation.turns, sample.learn, strict=True):
        parts = []
        for part, learned in zip(turn.parts, learn, strict=True):
            if isinstance(part, ImagePart):
                parts.append(_part("image", image=len(images), learn=learned))
                images.append(_image_row(part.image, next(records), image_format))
            else:
                parts.append(_part("text", text=part.text, learn=learned))
        turns.append({"role": turn.role, "parts": parts})
    return {
        "sample_id": sample.id,
        "kind": sample.kind,
        "turns": turns,
        "images": images,
        "scores": list(sample.scores.items()),
        "sources": [(name, str(value)) for name, value in sample.sources.items()],
        "versions": list(sample.versions.items()),
    }


def from_row(row: Mapping[str, Any]) -> Sample:
    """The sample of a row; ValueError that names the row where its fields contradict each other."""
    try:
        conversation = Conversation()
        learn = []
        for turn in row["turns"]:
            parts: list[str | ImagePart] = []
            for part in turn["parts"]:
                if part["type"] == "image":
                    data = row["images"][part["image"]]["bytes"]
                    parts.append(ImagePart(Image.open(io.BytesIO(data)).convert("RGB")))
                else:
                    parts.append(part["text"])
            conversation.add(turn["role"], *parts)
            learn.append(tuple(part["learn"] for part in turn["parts"]))
        return Sample(
            row["sample_id"],
            row["kind"],
            conversation,
            tuple(learn),
            tuple(_image_record(image) for image in row["images"]),
            dict(row["scores"]),
            dict(row["sources"]),
            dict(row["versions"]),
        )
    except (KeyError, IndexError, TypeError, ValueError, OSError) as error:
        raise ValueError(f"row {row.get('sample_id')!r} cannot be read: {error}") from error


def write_rows(
    samples: Iterable[Sample], path: Path, image_format: ImageFormat = "jpeg", batch: int = 32
) -> int:
    """Write samples to one Parquet file, which appears when it is complete; returns their number.

    No more than `batch` samples are in memory at a time.
    """
    pa = _arrow()
    import pyarrow.parquet as pq

    temporary = path.with_name(f".{path.name}.{secrets.token_hex(4)}.tmp")
    count = 0
    try:
        with pq.ParquetWriter(temporary, schema(), compression="zstd") as writer:
            rows: list[dict[str, Any]] = []
            for sample in samples:
                rows.append(to_row(sample, image_format))
                count += 1
                if len(rows) == batch:
                    writer.write_table(pa.Table.from_pylist(rows, schema()))
                    rows = []
            if rows:
                writer.write_table(pa.Table.from_pylist(rows, schema()))
        os.replace(temporary, path)
    except BaseException:
        temporary.unlink(missing_ok=True)
        raise
    return count


def row_files(data: str | Path) -> list[Path]:
    """The Parquet files of a data set in order; FileNotFoundError where there are none."""
    folder = Path(data)
    files = sorted(folder.rglob("*.parquet")) if folder.is_dir() else [folder]
    if not files or not files[0].is_file():
        raise FileNotFoundError(
            f"{data} holds no .parquet files; make some with `wegen diic run VIDEOS --out {data}`"
        )
    return files


def load_rows(
    data: str | Path,
    *,
    kinds: Iterable[str] | None = None,
    at_least: Mapping[str, float] | None = None,
    at_most: Mapping[str, float] | None = None,
    unique: bool = True,
) -> Iterator[Sample]:
    """Read samples; `sample.conversation` is the conversation.

    Parameters
    ----------
    data
        A folder written by `wegen diic run`, or one Parquet file.
    kinds
        Only these kinds of samples; None: all.
    at_least, at_most
        Bounds of scores, for example ``at_least={"identity": 0.7}``. A row without that score is
        left out.
    unique
        Leave out shots that repeat an earlier one (equal perceptual hash).

    Raises
    ------
    FileNotFoundError
        There are no rows.
    ValueError
        A file is not such data, or of a newer version; the text names it.
    """
    is_chosen = _row_filter(kinds, at_least, at_most, unique)
    for row in _raw_rows(data):
        if is_chosen(row["kind"], dict(row["scores"]), dict(row["sources"])):
            yield from_row(row)


def list_rows(
    data: str | Path,
    *,
    kinds: Iterable[str] | None = None,
    at_least: Mapping[str, float] | None = None,
    at_most: Mapping[str, float] | None = None,
    unique: bool = True,
) -> Iterator[RowHead]:
    """List the rows that `load_rows` would read, without their images; see there."""
    is_chosen = _row_filter(kinds, at_least, at_most, unique)
    for path, file in _open_files(data):
        columns = ["sample_id", "kind", "turns", "scores", "sources"]
        for group in range(file.num_row_groups):
            for n, row in enumerate(file.read_row_group(group, columns).to_pylist()):
                scores, sources = dict(row["scores"]), dict(row["sources"])
                if is_chosen(row["kind"], scores, sources):
                    yield RowHead(
                        path, group, n, row["sample_id"], row["kind"], row["turns"], scores, sources
                    )


def read_row(head: RowHead) -> Sample:
    """The sample of one listed row. ValueError that names a row that cannot be read."""
    return from_row(_row_group(head.file, head.group).slice(head.row, 1).to_pylist()[0])


@lru_cache(maxsize=16)
def _row_group(path: Path, group: int) -> Any:
    import pyarrow.parquet as pq

    return pq.ParquetFile(path).read_row_group(group)


def _row_filter(
    kinds: Iterable[str] | None,
    at_least: Mapping[str, float] | None,
    at_most: Mapping[str, float] | None,
    unique: bool,
) -> Callable[[str, Mapping[str, float], Mapping[str, Any]], bool]:
    """Whether a row of a kind, with scores and sources, is read; see `load_rows`."""
    chosen = None if kinds is None else frozenset(kinds)
    hashes: dict[str, str] = {}

    def is_chosen(kind: str, scores: Mapping[str, float], sources: Mapping[str, Any]) -> bool:
        if chosen is not None and kind not in chosen:
            return False
        if any(scores.get(name, -float("inf")) < v for name, v in (at_least or {}).items()):
            return False
        if any(scores.get(name, float("inf")) > v for name, v in (at_most or {}).items()):
            return False
        shot = sources.get("hash")
        video = sources.get("video", "")
        return not (unique and shot and hashes.setdefault(shot, video) != video)

    return is_chosen


def write_webdataset(data: str | Path, out: str | Path, per_file: int = 1000) -> int:
    """Write the rows as tar files: per sample one .json and its images; returns their number."""
    folder = Path(out)
    folder.mkdir(parents=True, exist_ok=True)
    count = 0
    rows = _raw_rows(data)
    while batch := list(itertools.islice(rows, per_file)):
        with tarfile.open(folder / f"{count // per_file:06d}.tar", "w") as tar:
            for row in batch:
                _add_sample(tar, row)
        count += len(batch)
    return count


def _raw_rows(data: str | Path) -> Iterator[dict[str, Any]]:
    for _, file in _open_files(data):
        for batch in file.iter_batches(batch_size=32):
            yield from batch.to_pylist()


def _open_files(data: str | Path) -> Iterator[tuple[Path, Any]]:
    _arrow()
    import pyarrow.parquet as pq

    for path in row_files(data):
        try:
            file = pq.ParquetFile(path)
            version = (file.schema_arrow.metadata or {}).get(b"wegen_rows", b"").decode()
        except (OSError, ValueError) as error:
            raise ValueError(f"{path} is not a Parquet file: {error}") from error
        if version != VERSION:
            raise ValueError(f"{path} has rows of version {version!r}; this WeGen reads {VERSION}")
        yield path, file


def _part(kind: str, *, text: str | None = None, image: int | None = None, learn: bool) -> dict:
    return {"type": kind, "text": text, "image": image, "learn": learn}


def _image_row(image: Image.Image, record: ImageRecord, image_format: str) -> dict[str, Any]:
    buffer = io.BytesIO()
    image.convert("RGB").save(buffer, image_format, quality=92)
    return {
        "bytes": buffer.getvalue(),
        "width": image.width,
        "height": image.height,
        "time": record.time,
        "track_id": record.track_id,
        "box": None if record.box is None else list(record.box),
        "mask_rle": None if record.mask is None else encode_rle(record.mask),
        "mask_size": None if record.mask is None else list(record.mask.shape),
    }


def _image_record(row: Mapping[str, Any]) -> ImageRecord:
    box, runs = row["box"], row["mask_rle"]
    return ImageRecord(
        row["time"],
        row["track_id"],
        None if box is None else (box[0], box[1], box[2], box[3]),
        None if runs is None else decode_rle(runs, *row["mask_size"]),
    )


def _add_sample(tar: tarfile.TarFile, row: dict[str, Any]) -> None:
    images = row.pop("images")
    files = {}
    for k, image in enumerate(images):
        content = image.pop("bytes")
        files[f"{k}.{'png' if content[:4] == PNG_START else 'jpg'}"] = content
    files["json"] = json.dumps(row | {"images": images}, ensure_ascii=False).encode()
    for suffix, content in files.items():
        entry = tarfile.TarInfo(f"{row['sample_id']}.{suffix}")
        entry.size = len(content)
        tar.addfile(entry, io.BytesIO(content))


def _arrow() -> Any:
    try:
        import pyarrow as pa
    except ImportError as error:
        raise ImportError("rows need pyarrow: pip install comfyui-wegen[diic]") from error
    return pa
