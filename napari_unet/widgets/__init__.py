"""The panel in napari."""
