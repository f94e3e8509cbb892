"""What can be opened looks so: an arrow that points right, and down while it is open."""

from qtpy.QtCore import Qt
from qtpy.QtWidgets import QAbstractButton

LEFT = Qt.MouseButton.LeftButton


def test_every_fold_of_the_panel_has_an_arrow_that_turns(panel, segmented, qtbot):
    section = panel.fine_tune
    folds = [
        panel.segment.more,
        section.advanced.fold,
        section.what_counts.fold,
        section.family.fold,
    ]
    titles = ["More settings", "Advanced", "What counts most", "History"]
    for fold, title in zip(folds, titles, strict=True):
        assert fold.text() == f"▸  {title}"
        qtbot.mouseClick(fold, LEFT)
        assert fold.text() == f"▾  {title}"
        assert fold.accessibleName() == title
        qtbot.mouseClick(fold, LEFT)
        assert fold.text() == f"▸  {title}"


def test_nothing_else_that_is_flat_stays_pressed(panel):
    """What opens something has an arrow; a flat button without one does something."""
    flat = [b for b in panel.findChildren(QAbstractButton) if b.objectName() == "flat"]
    assert flat
    assert not any(button.isCheckable() for button in flat)
