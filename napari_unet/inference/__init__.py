"""Tiles through a network."""
