"""The page's table is what the code declares."""

from __future__ import annotations

from tools.exports_table import PAGE, updated


def test_the_page_lists_every_metric_of_prometheus() -> None:
    text = PAGE.read_text(encoding="utf-8")
    assert updated(text) == text, "run `make docs`"
