"""Measuring images and conversations."""
