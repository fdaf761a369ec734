"""Training the embedded network; see `loop.train`, which all stages share."""
