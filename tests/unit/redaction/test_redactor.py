"""The redactor: where it masks, that twice is once, that hostile texts cost no more than long ones."""

from __future__ import annotations

import json
import socket
import subprocess
import sys
import time
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from obs_lib.errors import ConfigError
from obs_lib.redaction.options import RedactionOptions
from obs_lib.redaction.redactor import Redactor
from tests.unit.redaction.labelled import labelled
from tests.unit.redaction.test_secrets import KEYS

OFF, SHOWN, INGEST = (
    Redactor(RedactionOptions.model_validate({"personal": mode})) for mode in ("off", "shown", "ingest")
)
MAIL, KEY = "alice@example.com", KEYS[0]
BOTH = f"write {MAIL} with {KEY}"

PIECES = st.sampled_from(
    [
        *KEYS,
        *(case.text for case in labelled(each=6)),
        "[email]",
        "[secret]",
        "password=",
        "…",
        "\\",
        "\\u00e9",
        "+",
        "(",
        "@",
        "::",
        "sk-",
        "-----BEGIN PRIVATE KEY-----",
    ]
)
ANY_TEXT = st.text(st.characters(codec=None, exclude_categories=()))
TEXTS = st.lists(PIECES | ANY_TEXT | st.text("0123456789 ()-.+@:/aB", max_size=30), max_size=6).map("".join)


@given(TEXTS)
def test_masking_twice_changes_nothing(text: str) -> None:
    once = SHOWN.shown(text)
    assert SHOWN.shown(once) == once
    assert INGEST.shown(INGEST.stored(text)) == INGEST.stored(text)


@given(TEXTS)
def test_what_can_be_encoded_still_can(text: str) -> None:
    """No pair of surrogates is split, and no lone one appears."""
    whole = text.encode("utf-16-le", "surrogatepass").decode("utf-16-le", "replace")
    SHOWN.shown(whole).encode()


@given(st.text(st.characters(codec="utf-8")), PIECES)
def test_json_text_stays_json(text: str, piece: str) -> None:
    json.loads(SHOWN.shown(json.dumps({"a": text + " " + piece, "b": 1})))


@given(st.text(" abcdefghijklmnopqrstuvwxyzäöü,;!?'\"\n*`#"))
def test_words_stay(text: str) -> None:
    assert SHOWN.shown(text) == text


def test_each_mode_masks_where_it_says() -> None:
    assert OFF.stored(BOTH) == SHOWN.stored(BOTH) == BOTH
    assert INGEST.stored(BOTH) == SHOWN.shown(BOTH) == INGEST.shown(BOTH) == "write [email] with [secret]"
    assert OFF.shown(BOTH) == f"write {MAIL} with [secret]"


def test_columns_keep_what_is_no_text_and_their_order() -> None:
    assert SHOWN.shown_column([MAIL, None, 3.5, MAIL, "x"]) == ["[email]", None, 3.5, "[email]", "x"]
    assert SHOWN.shown_value({"a": [MAIL, 1, {"b": KEY}], MAIL: None}) == {
        "a": ["[email]", 1, {"b": "[secret]"}],
        MAIL: None,
    }


def test_it_says_what_is_in_force() -> None:
    assert SHOWN.describe == "secrets and personal data are masked where shown: email, iban, card, ip, phone"
    assert "before anything is stored" in INGEST.describe
    assert "personal data is not" in OFF.describe
    assert [OFF.stored_rules, SHOWN.stored_rules] == [None, None]


def test_names_without_their_model_are_refused_with_the_way_out() -> None:
    asked = {"entities": ["name"], "names_model": "no_such_pipeline"}
    with pytest.raises(ConfigError, match=r"redaction\.names_model.*pip install llm-night-watch\[pii\]"):
        Redactor(RedactionOptions.model_validate(asked))
    Redactor(RedactionOptions.model_validate({**asked, "personal": "off"}))


HOSTILE = {
    "dots": "a." * 100_000,
    "ats": "a@" * 100_000,
    "domain": "a@" + "b-" * 100_000,
    "digits": "4" * 200_000,
    "ones": "1 " * 100_000,
    "numbers": "123 456 7890 " * 15_000,
    "plus": "+1 415 " * 28_000,
    "brackets": "(1" * 100_000,
    "cards": "4111-" * 40_000,
    "octets": "1.2." * 50_000,
    "groups": "2001:" * 40_000,
    "iban": "DE12 ABCD " * 20_000,
    "keys": "sk-" * 66_000,
    "jwt": "eyJ" * 66_000,
    "pem": ("-----BEGIN " + "PRIVATE KEY-----") * 7_000,
    "names": "password=" * 22_000,
    "capitals": "KEY" * 66_000,
    "urls": "a://b:" * 33_000,
    "scheme": "a+" * 100_000 + "://x:y@z",
    "spaces": "token" + " " * 200_000,
    "backslashes": "\\" * 200_000,
    "ellipses": "…" * 200_000,
}


@pytest.mark.parametrize("text", HOSTILE.values(), ids=HOSTILE.keys())
def test_a_hostile_text_takes_time_that_is_linear_in_it(text: str) -> None:
    """A quadratic pattern would take minutes here; on slow machines the linear ones take a second or two."""
    started = time.process_time()
    SHOWN.shown(text)
    assert time.process_time() - started < 10


def test_nothing_is_fetched(monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*_: object) -> None:
        raise AssertionError("the network was asked")

    monkeypatch.setattr(socket.socket, "connect", refuse)
    monkeypatch.setattr(socket, "getaddrinfo", refuse)
    assert Redactor(RedactionOptions()).shown(BOTH + " +44 20 7946 0958") == "write [email] with [secret] [phone]"


def test_it_loads_nothing_heavy(checkout: Path) -> None:
    code = """
import sys
from obs_lib.redaction.options import RedactionOptions
assert "phonenumbers" not in sys.modules and "regex" not in sys.modules
from obs_lib.redaction.redactor import Redactor
Redactor(RedactionOptions(entities=("email", "phone"))).shown("+44 20 7946 0958 a@example.com")
print([name for name in ("spacy", "torch", "presidio_analyzer", "pandas", "numpy") if name in sys.modules])
"""
    done = subprocess.run([sys.executable, "-c", code], cwd=checkout, capture_output=True, text=True, timeout=60)
    assert done.stdout.strip() == "[]", done.stderr
