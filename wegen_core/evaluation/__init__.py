"""Measuring pictures and conversations."""
