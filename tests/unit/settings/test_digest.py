"""The digest of the settings: an option takes part unless it is marked, and what names results of before stays."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from pydantic import BaseModel

from obs_lib.alerts.delivery_options import HoursOptions, RouteOptions
from obs_lib.digests import digest_of
from obs_lib.options import ChangesNoResult, deciding
from obs_lib.settings.settings import Settings

FULL = Settings.model_validate(
    {
        "sources": [{"path": "logs", "stages": {"a": "router"}}],
        "scoring": {"evaluators": ["format"]},
        "evaluators": {
            "models": {"toxicity": {"model": "a/b", "labels": ["toxic"]}},
            "json_schemas": {"a": "a.json"},
            "weights": "heads",
            "anchors": "mine.jsonl",
        },
        "judges": {"one": {"rubric": "toxicity", "model": "m", "connection": "c"}},
        "summaries": {"prices": {"gpt*": {"input": 1, "output": 2}}},
        "labels": {"scores": {"refusal": {"label": "answered", "positive": [False]}}},
        "retention": {"rows_days": 100, "summaries_days": 200},
        "delivery": {
            "channels": {"team": {"kind": "mail", "connection": "team"}},
            "routes": [{"channels": ["team"], "hours": [{"zone": "UTC"}]}],
            "rules": [{"owner": "search"}],
        },
        "exports": {"traces": {"kind": "langfuse", "connection": "langfuse"}},
    }
)
"""Settings in which every section, and every mapping of sections, holds something."""

UNMARKED = frozenset(
    (
        "segments",
        "scoring",
        "models",
        "evaluators",
        "summaries",
        "labels",
        "drift",
        "alerts",
        "delivery",
        "redaction",
        "report",
    )
)

Path = tuple[str | int, ...]


def leaves(value: object, path: Path = (), marked: bool = False) -> Iterator[tuple[Path, bool]]:
    """Every option by the way to it, and whether it or what holds it is marked."""
    if isinstance(value, BaseModel):
        for name, field in type(value).model_fields.items():
            here = any(isinstance(mark, ChangesNoResult) for mark in field.metadata)
            yield from leaves(getattr(value, name), (*path, name), marked or here)
    elif isinstance(value, dict) and any(isinstance(item, BaseModel) for item in value.values()):
        for name, item in value.items():
            yield from leaves(item, (*path, name), marked)
    elif isinstance(value, tuple) and any(isinstance(item, BaseModel) for item in value):
        for number, item in enumerate(value):
            yield from leaves(item, (*path, number), marked)
    else:
        yield path, marked


def changed(value: Any, path: Path) -> Any:
    """The same with another value at the end of the way."""
    if not path:
        return ["another", str(value)]
    key: Any = path[0]
    if isinstance(value, BaseModel):
        return value.model_copy(update={key: changed(getattr(value, key), path[1:])})
    items = dict(value) if isinstance(value, dict) else dict(enumerate(value))
    items[key] = changed(items[key], path[1:])
    return items if isinstance(value, dict) else tuple(items.values())


LEAVES = list(leaves(FULL))


@pytest.mark.filterwarnings("ignore:Pydantic serializer warnings")
@pytest.mark.parametrize(("path", "marked"), LEAVES, ids=[".".join(map(str, path)) for path, _ in LEAVES])
def test_an_option_changes_the_digest_unless_it_is_marked(path: Path, marked: bool) -> None:
    assert (changed(FULL, path).digest() == FULL.digest()) is marked


def test_the_walk_sees_every_section() -> None:
    assert {path[0] for path, _ in LEAVES} == set(Settings.model_fields)
    assert len(LEAVES) > 120


def test_only_these_are_marked() -> None:
    """A mark that is set by mistake leaves stale numbers in force, so each stands here a second time."""
    inside = {".".join(map(str, path)) for path, marked in LEAVES if marked and path[0] in UNMARKED}
    assert inside == {
        "scoring.shards",
        "scoring.reuse",
        "scoring.reuse_days",
        "models.encoder",
        "evaluators.weights",
        "evaluators.anchors",
        "evaluators.own",
        "evaluators.json_schemas",
        "evaluators.models.toxicity.model",
        *(f"delivery.channels.team.{name}" for name in ("kind", "connection", "notifier", "report")),
        *(f"delivery.routes.0.{name}" for name in RouteOptions.model_fields if name != "hours"),
        *(f"delivery.routes.0.hours.0.{name}" for name in HoursOptions.model_fields),
    }
    assert set(deciding(FULL)) == UNMARKED
    source = {".".join(map(str, path[2:])) for path, marked in leaves(FULL.sources[0], ("sources", 0)) if marked}
    assert source == {"path", "url", "connection"}


@pytest.mark.parametrize(
    ("sections", "digest"),
    [
        (
            ("summaries", "labels", "segments"),
            "e745db3cd41c2af6e581aebf86fdf517",
        ),  # since sessions, tools and safety flags have options
        (("labels",), "60f4a4db283e77ec2d2a09ddcb2580c9"),
        (("scoring",), "8121de9dae46b3069e72f03f9b048ba5"),
        (("models",), "ccd6279b6d0b4b17f7f474f60cbf973b"),
        (("evaluators",), "0358e13451f46ee692d31fbf2c076c36"),
        (("redaction",), "ee096316c52cd7dea52e488c173f2182"),
        (("report",), "ca5a3a552fc3984fe46337476a57138d"),
    ],
)
def test_lakes_of_before_find_the_digests_that_they_hold(sections: tuple[str, ...], digest: str) -> None:
    assert Settings().digest(*sections) == digest


def test_only_new_names_changed_the_digest_of_all() -> None:
    """Those of the alerts, and the smallest changes that metrics declare themselves now.

    So each lake's days are compared, alerted and rendered once more, and no model runs again.
    """
    plain = deciding(Settings())
    assert plain.pop("delivery") == {"rules": []}  # owners and runbooks stand on pages; who is told names nothing
    alerts, drift = plain["alerts"], plain["drift"]
    assert alerts.pop("notify_severities") == ["P0", "P1", "P2"]
    new = {
        name: alerts.pop(name) for name in ("notify_resolved", "harm_share", "harm_false_positives", "harm_confirmed")
    }
    assert new == {"notify_resolved": False, "harm_share": 0.005, "harm_false_positives": 0.003, "harm_confirmed": 1}
    assert alerts["objective_severity"] == "P2"
    # What they were before incidents had one cause.
    alerts |= {"page_severities": ["P0", "P1"], "page_new_breaches": True, "objective_severity": "P3"}
    weights = alerts["family_weights"]
    weights["latency at equal tokens"] = weights.pop("token-adjusted latency")
    assert [drift.pop(name) for name in ("min_answer_drift", "min_topic_drift")] == [1.0, 0.005]
    assert weights.pop("topics") == 0.3
    assert drift["min_changes"] == {}
    drift["min_changes"] = {
        "error_rate": 0.01,
        "stage_error_rate": 0.01,
        "toxicity": 0.02,
        "toxicity_rate": 0.02,
        "safety_flag_rate": 0.02,
    }
    assert "toxic" in plain["summaries"].pop("harm_flags")
    since = {name: plain["summaries"].pop(name) for name in ("session_idle_minutes", "rephrased_cosine", "max_tools")}
    assert since == {"session_idle_minutes": 30, "rephrased_cosine": 0.85, "max_tools": 20}
    assert drift.pop("history_days") == 28
    assert drift.pop("false_alarms_a_quarter") == 1.0
    drift["false_discovery_rate"] = 0.01
    assert digest_of({"drift": drift}) == "fab1f75a11db2561833208f6ccced158"
    assert digest_of(plain) == "c99a494acbc4196d5037cdfa29d4c476"
    assert digest_of({"alerts": alerts}) == "fd5bcadfc6d7c7d0be73e1d48b4d4873"
