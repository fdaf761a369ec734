"""Images in any usual form, and image files."""
