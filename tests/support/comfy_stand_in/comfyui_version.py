"""Stand-in for `comfyui_version`."""

__version__ = "0.3.64"
