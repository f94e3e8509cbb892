"""The page of measurements says what was measured."""

from benchmarks.tables import PAGE, page


def test_the_page_is_what_the_figures_say():
    assert PAGE.read_text(encoding="utf-8") == page()
