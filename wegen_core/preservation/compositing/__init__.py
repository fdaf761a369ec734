"""Lays the changed part of the registered, colour-matched edited image into the source."""
