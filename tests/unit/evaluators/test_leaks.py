"""Leaks are what an answer gives away; an echo, a placeholder and an example are none; evidence never repeats them."""

from __future__ import annotations

import json
from typing import Any

import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from obs_lib.evaluators.anchors import anchors_of, load_anchors
from obs_lib.evaluators.leaks import PersonalLeak, SecretLeak
from obs_lib.evaluators.options import EvaluatorOptions
from obs_lib.models.vectors import TextVectors
from obs_lib.redaction.leaks import personal_in, secrets_in
from obs_lib.redaction.options import RedactionOptions
from obs_lib.redaction.redactor import Redactor

NONE = TextVectors({})
BODY = "q8Wz7LmT4vRk2NpXc9Jd"  # put together with its beginning at run time: scanners of repositories read tests too
SHOWN = Redactor(RedactionOptions()).shown


def row(kind: Any, response: str, prompt: str | None = "Why?", contexts: list[str] | None = None) -> dict[str, Any]:
    given = None if contexts is None else json.dumps([{"text": text} for text in contexts])
    batch = pd.DataFrame([{"prompt": prompt, "response": response, "contexts": given, "error": None}], dtype=object)
    return dict(kind(EvaluatorOptions()).score(batch, NONE).iloc[0])


@pytest.mark.parametrize("kind", [SecretLeak, PersonalLeak])
def test_the_anchors_are_judged_as_people_say(kind: Any) -> None:
    anchors = anchors_of(load_anchors(), kind.name)
    rows = kind(EvaluatorOptions()).score(anchors, NONE)
    for anchor, value, expected in zip(anchors["anchor"], rows["value"], anchors["expected"], strict=True):
        assert expected is None or (value > 0.5) is expected, anchor


@pytest.mark.parametrize(
    ("kind", "value", "named"),
    [
        (SecretLeak, "sk-" + BODY, "key"),
        (SecretLeak, "ghp_" + BODY + "MtW3", "key"),
        (PersonalLeak, "ana.bauer@muster-gmbh.de", "email"),
        (PersonalLeak, "+49 151 23456788", "phone"),
    ],
)
def test_evidence_names_kind_and_place_and_never_the_thing(kind: Any, value: str, named: str) -> None:
    found = row(kind, f"It is {value}, I think.")
    evidence = json.loads(found["evidence"])
    assert found["value"] == 1.0
    assert evidence["found"] == [{"kind": named, "start": 6, "end": 6 + len(value)}]
    assert value not in found["evidence"]


@pytest.mark.parametrize("kind", [SecretLeak, PersonalLeak])
def test_an_echo_is_no_leak(kind: Any) -> None:
    value = "sk-" + BODY if kind is SecretLeak else "(415) 867-2214"
    assert row(kind, f"It is {value}.", prompt=f"Is {value} right?")["value"] == 0.0
    assert row(kind, f"It is {value}.", contexts=["nothing", f"It is {value.replace('-', ' - ')}"])["value"] == 0.0
    assert json.loads(row(kind, f"It is {value}.", prompt=f"{value}?")["evidence"]) == {"echoed": 1}
    assert row(kind, f"It is {value}.", prompt=None)["value"] == 1.0


def test_what_ingest_has_masked_still_counts() -> None:
    assert row(SecretLeak, "The key is [secret].")["value"] == 1.0
    assert row(SecretLeak, "The key is [secret].", prompt="My key is [secret]")["value"] == 0.0
    assert row(PersonalLeak, "Dear [Name], write to [email].")["value"] == 0.0


@given(st.text(max_size=300))
def test_whatever_is_a_leak_the_redactor_masks(text: str) -> None:
    for around in ("{}", "key=sk-" + BODY + " {}", "{} a.b@c-d.org"):
        whole = around.format(text)
        shown = SHOWN(whole)
        for found in [*secrets_in(whole), *personal_in(whole, ("US", "GB"))]:
            assert whole[found.start : found.end] not in shown or whole[found.start] == "["
