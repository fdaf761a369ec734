"""Stand-in for ComfyUI's own library."""
