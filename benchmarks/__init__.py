"""Measurements behind the figures in the documentation, each one command."""
