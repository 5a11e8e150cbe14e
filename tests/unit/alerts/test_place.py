"""Where a change lies."""

from __future__ import annotations

from obs_lib.alerts.place import Level, place_of


def test_a_metric_that_one_route_alone_has_lies_there() -> None:
    """Retrieval of one route fails: the other routes have no contexts, so that the whole is as bad as the one."""
    level = Level(0.6, 0.05, 400, 2800)
    levels = {"all": level, "route=docs": level}
    assert place_of(["all", "route=docs", "stage=retrieval"], levels) == {"all", "stage=retrieval"}
    levels["route=chat"] = Level(0.0, 0.0, 0, 0)
    assert place_of(["all", "route=docs", "stage=retrieval"], levels) == {"route=docs", "stage=retrieval"}
