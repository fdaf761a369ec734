"""Stand-in for ComfyUI's text encoders."""
