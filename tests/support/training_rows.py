"""Rows of the playground, as `wegen diic` writes them."""

from __future__ import annotations

from pathlib import Path

from wegen_core.diic.pipeline import PipelineSettings
from wegen_core.diic.run import find_videos, run_local


def write_playground_rows(folder: Path, clips: int = 6) -> Path:
    run_local(find_videos(f"playground:{clips}"), folder, PipelineSettings(), 1)
    return folder
