"""What the user is doing now: no Qt, no napari, no torch."""
