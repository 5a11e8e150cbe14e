"""Whatever the files of a judge, of anchors and of bench and gate hold, it is read or refused with one error of our own."""

from __future__ import annotations

import json
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from obs_lib.bench.lines import read_lines
from obs_lib.errors import ConfigError, ObsError
from obs_lib.evaluators.anchors import load_anchors
from obs_lib.evaluators.judge.rubric import load_rubric

OFTEN = settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
READERS: dict[str, Callable[[Path], object]] = {
    "rubric.yaml": lambda path: load_rubric(str(path)),
    "anchors.jsonl": load_anchors,
    "lines.jsonl": lambda path: list(read_lines(path)),
}
FIELDS = [
    "id",
    "prompt",
    "response",
    "contexts",
    "expected_format",
    "reference",
    "expected",
    "scale",
    "labels",
    "reads",
    "text",
]
values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=20),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner, max_size=3),
    max_leaves=6,
)


@OFTEN
@given(raw=st.binary(max_size=200) | st.text(max_size=100).map(lambda text: text.encode("utf-8", "surrogatepass")))
@example(b"2001-99-99")
@example(b"a: " + b"9" * 5_000)
@example(b"[" * 5_000)
@example(b'{"a": ' * 5_000)
@example(b"a: .nan")
def test_any_bytes(tmp_path: Path, raw: bytes) -> None:
    for name, read in READERS.items():
        (tmp_path / name).write_bytes(raw)
        with suppress(ObsError):
            read(tmp_path / name)


@OFTEN
@given(line=st.dictionaries(st.sampled_from(FIELDS), values, min_size=1))
def test_any_values(tmp_path: Path, line: dict[str, object]) -> None:
    for name, read in READERS.items():
        (tmp_path / name).write_text(json.dumps(line))
        with suppress(ObsError):
            read(tmp_path / name)


@pytest.mark.parametrize("name", ["a\0b.yaml", "~nobody-of-that-name/a.yaml", "absent.yaml"])
def test_a_path_that_is_none(name: str) -> None:
    with pytest.raises(ConfigError, match="cannot be read"):
        load_rubric(name)
