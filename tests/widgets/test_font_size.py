"""napari's font can be made larger or smaller: the panel goes with it."""

import pytest
from qtpy.QtWidgets import QLabel, QMainWindow

LARGE, SMALL = "QWidget { font-size: 20pt; }", "QWidget { font-size: 7pt; }"


@pytest.fixture
def window(panel, qtbot):
    """A window that gives its style sheet to the panel, as napari's does."""
    window = QMainWindow()
    qtbot.addWidget(window)
    window.setCentralWidget(panel)
    window.show()
    return window


def written_on(button):
    """How wide the text of a button is."""
    return button.fontMetrics().boundingRect(button.text()).width()


def test_with_a_larger_font_nothing_is_cut_off_at_the_right(window, panel, segmented, qtbot):
    widths = []
    for sheet in (SMALL, LARGE, SMALL):
        window.setStyleSheet(sheet)
        qtbot.wait(20)
        assert panel._scroll.widget().width() <= panel._scroll.viewport().width()
        widths.append(panel.minimumWidth())
    assert widths[0] == widths[2] < widths[1]
    window.setStyleSheet(LARGE)
    window.resize(10, 700)
    qtbot.wait(20)
    for button in panel.correct.tools.values():
        assert written_on(button) < button.width(), button.text()


def test_headings_stay_larger_than_what_stands_below_them(window, panel, qtbot):
    for sheet in (SMALL, LARGE):
        window.setStyleSheet(sheet)
        qtbot.wait(20)
        headings = [one for one in panel.findChildren(QLabel) if one.objectName() == "heading"]
        assert len(headings) == 3
        for heading in headings:
            plain = QLabel("1  Segment", panel)
            assert heading.sizeHint().height() > plain.sizeHint().height()
            plain.deleteLater()
