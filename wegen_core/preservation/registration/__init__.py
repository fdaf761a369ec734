"""Where in the edited image each pixel of the source is."""
