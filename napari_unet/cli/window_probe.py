"""Prints the Qt binding and the graphics driver; ``doctor`` runs it in a process of its own."""

from __future__ import annotations


def main() -> None:
    """Open an invisible canvas, and say what draws on it."""
    import qtpy
    from qtpy import QtCore

    print(f"{qtpy.API_NAME} {QtCore.__version__}", flush=True)
    from vispy import app
    from vispy.gloo import gl

    canvas = app.Canvas(app=app.use_app(qtpy.API), show=False)
    canvas.set_current()
    driver, release = (gl.glGetParameter(what) for what in (gl.GL_RENDERER, gl.GL_VERSION))
    largest = gl.glGetParameter(gl.GL_MAX_TEXTURE_SIZE)
    print(f"OpenGL {release} on {driver}, textures up to {largest} pixels", flush=True)


if __name__ == "__main__":
    main()
