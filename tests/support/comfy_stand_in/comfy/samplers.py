"""Stand-in for `comfy.samplers`."""

from __future__ import annotations


class KSampler:
    """The names to choose from; no sampler."""

    SAMPLERS = ("euler", "dpmpp_2m", "uni_pc")
    SCHEDULERS = ("normal", "karras", "simple")
