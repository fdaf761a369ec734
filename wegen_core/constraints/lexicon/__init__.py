"""Word lists, English and Chinese."""
