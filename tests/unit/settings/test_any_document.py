"""Whatever a settings file holds, it is settings, or one message that says where and what."""

from __future__ import annotations

import datetime as dt
import types
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, Union, get_args, get_origin

import pytest
import yaml
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st
from pydantic import BaseModel

from obs_lib.errors import ConfigError, ObsError
from obs_lib.pipeline.workspace import open_workspace
from obs_lib.settings.loading import load_alert_policy, load_settings, watch_name
from obs_lib.settings.settings import Settings

pytestmark = pytest.mark.slow
MOST = 20_000  # characters of a message
OFTEN = settings(
    max_examples=200, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow]
)


def keys(model: type[BaseModel], before: tuple[str, ...] = ()) -> Iterator[tuple[str, ...]]:
    """The path of every setting below a model; one of a mapping's or list's values stands under `x`."""
    for name, field in model.model_fields.items():
        yield (*before, name)
        for inner, deeper in models_in(field.annotation, ()):
            yield from keys(inner, (*before, name, *deeper))


def models_in(annotation: Any, deeper: tuple[str, ...]) -> Iterator[tuple[type[BaseModel], tuple[str, ...]]]:
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        yield annotation, deeper
    of = get_origin(annotation)
    inside = deeper if of in (Union, types.UnionType) else (*deeper, "x")
    for one in get_args(annotation):
        if not isinstance(one, str):
            yield from models_in(one, inside)


KEYS = sorted(set(keys(Settings)))

texts = st.text(max_size=30) | st.sampled_from(
    [
        "",
        " ",
        "~",
        "~nobody/x",
        "../..",
        "\x00",
        "\u202e",
        "a\nb",
        "{{x}}",
        "%s",
        "s3://",
        "http://[",
        "file:x",
        "é" * 300,
    ]
)
scalars = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(),
    st.sampled_from([0, 1, -1, 10**30, 2**63, 1e308, 1e-320, 0.5]),
    st.floats(),
    texts,
    st.dates(),
    st.datetimes(timezones=st.just(dt.UTC)),
    st.binary(max_size=8),
)
values = st.recursive(
    scalars,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(texts | st.integers() | st.none(), inner, max_size=4),
    max_leaves=8,
)


@st.composite
def documents(draw: st.DrawFn) -> Any:
    """Values where settings stand, some of them in a list in place of a mapping."""
    document: dict[Any, Any] = {}
    for path in draw(st.lists(st.sampled_from(KEYS), min_size=1, max_size=6)):
        place: Any = document
        for key in path[:-1]:
            inner = place.get(key)
            if not isinstance(inner, dict):
                inner = place[key] = {}
            place = inner
        place[path[-1]] = draw(values)
    return document


def ends_well(path: Path) -> None:
    """Every way to read the file ends with what it asks for, or with one error of our own that names the file."""
    for read in (load_settings, load_alert_policy, watch_name, lambda file: load_settings(file, names=False)):
        told = said_by(lambda read=read: read(path))
        assert told is None or (str(path) in told and len(told) < MOST)
    try:
        ws = open_workspace(path)
    except ObsError:
        return
    assert ws.settings.digest() == load_settings(path).digest()


def said_by(call: Callable[[], object]) -> str | None:
    """What the error of our own says in which a call ends; None where it does not."""
    try:
        call()
    except ConfigError as error:
        return str(error)
    return None


@OFTEN
@given(text=st.text(max_size=200))
@example("a: &x {<<: *x}")
@example("? {a: 1}\n: b")
@example("<<: [1]")
@example("%YAML 9.9\n--- a")
@example("--- 1\n--- 2")
@example("a: 1:99999999999:9")
@example("2001-01-01: 1")
def test_any_text(tmp_path: Path, text: str) -> None:
    path = tmp_path / "obs.yaml"
    path.write_text(text, encoding="utf-8", errors="surrogatepass")
    ends_well(path)


@OFTEN
@given(raw=st.binary(max_size=200))
def test_any_bytes(tmp_path: Path, raw: bytes) -> None:
    (tmp_path / "obs.yaml").write_bytes(raw)
    ends_well(tmp_path / "obs.yaml")


@OFTEN
@given(document=documents())
def test_any_value_of_any_setting(tmp_path: Path, document: Any) -> None:
    (tmp_path / "obs.yaml").write_text(yaml.safe_dump(document, allow_unicode=True), encoding="utf-8")
    ends_well(tmp_path / "obs.yaml")


@OFTEN
@given(data=st.data())
def test_a_damaged_file(tmp_path: Path, checkout: Path, data: st.DataObject) -> None:
    whole = (checkout / "obs.yaml").read_bytes()
    start = data.draw(st.integers(0, len(whole)))
    end = data.draw(st.integers(start, min(len(whole), start + 40)))
    (tmp_path / "obs.yaml").write_bytes(whole[:start] + data.draw(st.binary(max_size=8)) + whole[end:])
    ends_well(tmp_path / "obs.yaml")


def test_the_keys_are_those_of_all_stages() -> None:
    assert {("drift", "min_days"), ("sources", "x", "path"), ("judges", "x", "rubric"), ("lake", "root")} <= set(KEYS)
    assert len(KEYS) > 150


@pytest.mark.parametrize("path", KEYS, ids=".".join)
def test_each_setting_alone(tmp_path: Path, path: tuple[str, ...]) -> None:
    for value in ("\x00", [], {}, [[]], {"": None}, 10**400, -(10**30), True, "~nobody/", "a" * 5000, dt.date(1, 1, 1)):
        document: Any = value
        for key in reversed(path):
            document = [document] if key == "x" and path[:1] == ("sources",) else {key: document}
        (tmp_path / "obs.yaml").write_text(yaml.safe_dump(document), encoding="utf-8")
        ends_well(tmp_path / "obs.yaml")
