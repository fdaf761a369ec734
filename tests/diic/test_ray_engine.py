"""Ray gives the rows of the local engine."""

from __future__ import annotations

from pathlib import Path

import pytest

from wegen_core.diic.pipeline import PipelineSettings
from wegen_core.diic.rows import load_rows
from wegen_core.diic.run import run_local
from wegen_core.diic.truth import playground_videos


@pytest.mark.slow
def test_ray_writes_the_same_rows(tmp_path: Path) -> None:
    ray = pytest.importorskip("ray", reason="Ray is not installed: pip install comfyui-wegen[ray]")
    from wegen_core.diic.ray_engine import run_ray

    settings, videos = PipelineSettings(), playground_videos(6)
    try:
        result = run_ray(videos, tmp_path / "ray", settings)
        assert result.rows == run_local(videos, tmp_path / "local", settings).rows
        again = run_ray(videos, tmp_path / "ray", settings)
    finally:
        ray.shutdown()
    assert (again.rows, again.skipped) == (0, 6)
    first, second = (
        [(s.id, s.scores, [p.image.tobytes() for p in s.conversation.images]) for s in rows]
        for rows in (load_rows(tmp_path / "ray"), load_rows(tmp_path / "local"))
    )
    assert first == second
