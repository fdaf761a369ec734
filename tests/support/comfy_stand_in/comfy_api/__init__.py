"""Stand-in for ComfyUI's public API."""
