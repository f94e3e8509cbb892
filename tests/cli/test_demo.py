"""``napari-unet demo``: napari with an image, the panel and a model."""

import pytest

from napari_unet.cli import main


@pytest.mark.window
def test_demo_opens_an_image_and_the_panel(make_napari_viewer, monkeypatch, qtbot):
    viewers, run = [], []
    monkeypatch.setattr("napari.Viewer", lambda: viewers.append(make_napari_viewer()) or viewers[0])
    monkeypatch.setattr("napari.run", lambda: run.append(True))
    assert main(["demo"]) == 0
    assert run == [True]
    (layer,) = viewers[0].layers
    assert layer.rgb
    (title,) = viewers[0].window.dock_widgets
    assert title.startswith("Segment, correct, fine-tune")
    viewers[0].scene.camera.zoom = 100
    qtbot.waitUntil(lambda: viewers[0].scene.camera.zoom < 10)


def test_without_a_screen_demo_says_so(monkeypatch, capsys):
    monkeypatch.setattr("sys.platform", "linux")
    for name in ("DISPLAY", "WAYLAND_DISPLAY", "QT_QPA_PLATFORM"):
        monkeypatch.delenv(name, raising=False)
    assert main(["demo"]) == 1
    assert "There is no screen" in capsys.readouterr().err


def test_without_qt_demo_says_what_to_install(monkeypatch, capsys):
    def no_qt():
        raise ImportError("No Qt bindings could be found")

    monkeypatch.setenv("DISPLAY", ":0")
    monkeypatch.setattr("napari.Viewer", no_qt)
    assert main(["demo"]) == 1
    assert "pip install" in capsys.readouterr().err
