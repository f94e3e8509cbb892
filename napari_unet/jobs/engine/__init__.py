"""The engine: a process of its own that runs the jobs of a window."""
