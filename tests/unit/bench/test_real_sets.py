"""The bench on real labelled sets: one row in eight of each, which is enough to see that nothing is upside down."""

from __future__ import annotations

import gzip
from pathlib import Path

import pytest

from obs_lib.bench.evaluators import Bench
from obs_lib.pipeline.workspace import open_workspace

pytestmark = [pytest.mark.real, pytest.mark.long]


def test_evaluators_agree_with_people_better_than_length_does(
    real_data: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("OBS_CONFIG", raising=False)
    sets = tmp_path / "sets"
    sets.mkdir()
    for name, step in (("groundedness_faithdial", 8), ("refusal_xstest", 8), ("toxicity_surge", 4)):
        lines = gzip.decompress((real_data / "labelled" / f"{name}.jsonl.gz").read_bytes()).splitlines(keepends=True)
        (sets / f"{name}.jsonl").write_bytes(b"".join(lines[::step]))
    found = Bench(open_workspace(), resamples=200).run(sets)
    assert [one.name for one in found.sets] == ["faithdial", "xstest", "surge"]
    for one in found.sets:
        auroc, length = one.figures["auroc"], one.figures["length_auroc"]
        assert one.failed == 0
        assert one.skipped <= 0.1 * (one.skipped + one.n)  # what claims nothing, or is in another language
        assert auroc.low is not None
        assert length.value is not None
        assert auroc.low > length.value
        assert one.seen_in_training is not None
    assert [one.evaluator for one in found.benign] == ["toxicity"] * 2
    for benign in found.benign:
        assert (benign.false_positive_share.value or 0.0) < 0.1
