"""The made sets that the shipped heads were trained on: another text is another head."""

from __future__ import annotations

import importlib
from pathlib import Path

import pytest

from obs_lib.digests import digest_of


@pytest.mark.parametrize(
    ("name", "each", "count", "digest"),
    [
        ("toxicity", 8, 1647, "bddecfe469ed45e9ab15297b6e2ab51e"),
        ("request", 16, 3253, "bb48b39a9e8ef945d2a91d10b2b3e0e1"),
        ("refusal", 12, 2069, "cb50b4daf908c797e9f3ab88a86730c3"),
    ],
)
def test_made_texts_are_those_of_the_heads(
    checkout: Path, monkeypatch: pytest.MonkeyPatch, name: str, each: int, count: int, digest: str
) -> None:
    monkeypatch.syspath_prepend(checkout / "tools")
    made = importlib.import_module(f"training.{name}_examples").examples(each)
    assert (len(made), digest_of([[*frame, *texts] for frame, *texts in made])) == (count, digest)
