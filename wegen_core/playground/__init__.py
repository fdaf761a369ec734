"""The drawn world that the embedded network learns: scenes, their images, their language."""
