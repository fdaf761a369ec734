"""What a benchmark consists of, and how its published files are read."""

from __future__ import annotations

import ast
import io
import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import lru_cache, partial
from pathlib import Path
from typing import Any, Literal

from PIL import Image

from ...images.convert import to_pil
from ...images.exif import upright
from ...images.files import open_image
from ...records.plan import Intent

Images = Callable[[], list[Image.Image]]
"""Opens images when they are needed."""

Reader = Callable[[str], "list[float] | None"]
"""The numbers in a judge's reply; None if it holds none of the right kind."""


@dataclass(frozen=True)
class Question:
    """What a chat model is asked about a result.

    Parameters
    ----------
    text
        The whole request.
    read
        Reads the reply.
    worst
        The numbers that count if no reply can be read.
    shows
        "result": the result alone; "all": the case's images, then the result.
    truth
        Images that follow the result, such as the right answer.
    likely
        Beginnings of the right answer, lower case: where the judge says how likely its first token
        is, their probability counts instead of 1 or 0.
    """

    text: str
    read: Reader
    worst: tuple[float, ...]
    shows: Literal["result", "all"] = "all"
    truth: Images = list
    likely: tuple[str, ...] = ()


@dataclass(frozen=True)
class Case:
    """One prompt or instruction of a benchmark.

    Parameters
    ----------
    id
        Unique in the benchmark; it names the files of the case.
    group
        The category whose results are averaged.
    prompts
        One prompt or instruction; for a conversation the instruction of each turn.
    intent
        "generate", "refine" (one image) or "compose" (from references).
    images
        The images given with the first prompt.
    questions
        What a chat model is asked; of a conversation, one for each turn.
    facts
        What other judges need, as it is published.
    """

    id: str
    group: str
    prompts: tuple[str, ...]
    intent: Intent = "generate"
    images: Images = list
    questions: tuple[Question, ...] = ()
    facts: Mapping[str, Any] = field(default_factory=dict)

    @property
    def file_name(self) -> str:
        """`id` as a part of file names."""
        return re.sub(r"[^\w.-]+", "-", self.id)


def find_file(data: Path, name: str, source: str) -> Path:
    """The file `name` (its last parts) in `data` or below it.

    Raises FileNotFoundError, which says that it comes from `source`.
    """
    if (data / name).exists():
        return data / name
    matches = sorted(data.rglob(name))
    if not matches:
        raise FileNotFoundError(f"{data} holds no {name}; download it from {source}")
    return matches[0]


def open_images(*paths: Path) -> Images:
    """Opens image files, as RGB or RGBA."""
    return lambda: to_pil([open_image(path) for path in paths])


@lru_cache(maxsize=64)
def constants(data: Path, file: str, *names: str) -> str | None:
    """Texts that the published evaluation code assigns to `names`, one below the other.

    The code is read, not run. None if `data` holds no such file or it lacks a name.
    """
    for path in sorted(data.rglob(file)):
        texts = {
            target.id: node.value.value
            for node in ast.parse(path.read_text("utf-8")).body
            if isinstance(node, ast.Assign) and isinstance(node.value, ast.Constant)
            for target in node.targets
            if isinstance(target, ast.Name)
        }
        if all(isinstance(texts.get(name), str) for name in names):
            return "\n".join(str(texts[name]) for name in names)
    return None


def parquet_rows(
    data: Path, columns: Sequence[str], source: str
) -> Iterator[tuple[dict[str, Any], Callable[[str], Images]]]:
    """The rows of all Parquet files below `data`, as the Hugging Face hub stores a data set.

    Parameters
    ----------
    columns
        Those without images; a file must have all of them.
    source
        Where the data comes from, for the error.

    Returns
    -------
    For each row its values, and a function from the name of an image column to its images.

    Raises
    ------
    FileNotFoundError
        There is no Parquet file with these columns.
    """
    from pyarrow.parquet import ParquetFile

    is_empty = True
    for path in sorted(data.rglob("*.parquet")):
        file = ParquetFile(path)
        if not set(columns) <= set(file.schema_arrow.names):
            continue
        is_empty = False
        for group in range(file.num_row_groups):
            rows = file.read_row_group(group, columns=list(columns)).to_pylist()
            for number, row in enumerate(rows):
                yield row, partial(_cell, path, group, number)
    if is_empty:
        raise FileNotFoundError(
            f"{data} holds no Parquet file with the columns {', '.join(columns)}; download {source}"
        )


def _cell(path: Path, group: int, row: int, column: str) -> Images:
    def images() -> list[Image.Image]:
        value = _column(path, group, column)[row].as_py()
        cells = value if isinstance(value, list) else [value]
        return to_pil([upright(Image.open(io.BytesIO(cell["bytes"]))) for cell in cells])

    return images


@lru_cache(maxsize=2)  # cases are visited in order
def _column(path: Path, group: int, column: str) -> Any:
    from pyarrow.parquet import ParquetFile

    return ParquetFile(path).read_row_group(group, columns=[column]).column(0)
