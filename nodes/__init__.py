"""Thin ComfyUI nodes over `wegen_core`: a schema, a call, an output. Relative imports only."""
