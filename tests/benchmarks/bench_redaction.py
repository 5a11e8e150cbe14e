"""What redaction finds and what it costs, on made sentences and, where there are some, on real logs.

    PYTHONPATH=. [OBS_REAL_DATA=FOLDER] python tests/benchmarks/bench_redaction.py [--presidio] [--names]

Precision and recall a kind on labelled sentences; with --presidio the same for Presidio's recognisers. Then texts a second
of processor time, what a day of 680 interactions costs at ingest, and how many texts of the real logs are changed, which.
A script that prints figures, not a test: nothing here passes or fails.
"""

from __future__ import annotations

import argparse
import gzip
import json
import os
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pandas as pd

from obs_lib.lake.tables import INTERACTIONS
from obs_lib.redaction.columns import redact_stored
from obs_lib.redaction.options import RedactionOptions
from obs_lib.redaction.redactor import Redactor
from obs_lib.samples.generate import write_samples
from obs_lib.sources.options import SourceOptions
from obs_lib.sources.reading import read_day
from obs_lib.sources.source import known_days, open_source
from tests.unit.redaction.labelled import KINDS, agreement, labelled


def presidio() -> Callable[[str], str]:
    """A masker made of Presidio's own recognisers, with its default regions; the domain list is the one it ships with."""
    import tldextract
    from presidio_analyzer import predefined_recognizers as known

    tldextract.extract = tldextract.TLDExtract(suffix_list_urls=(), cache_dir=None)
    recognisers = {
        "email": known.EmailRecognizer(),
        "iban": known.IbanRecognizer(),
        "card": known.CreditCardRecognizer(),
        "ip": known.IpRecognizer(),
        "phone": known.PhoneRecognizer(),
    }

    def mask(text: str) -> str:
        spans = [
            (found.start, -found.end, kind)
            for kind, recogniser in recognisers.items()
            for found in recogniser.analyze(text, recogniser.supported_entities)
        ]
        out, at = [], 0
        for start, end, kind in sorted(spans):
            if start >= at:
                out += [text[at:start], f"[{kind}]"]
                at = -end
        return "".join([*out, text[at:]])

    return mask


def quality(name: str, mask: Callable[[str], str]) -> None:
    cases = labelled(seed=101)
    started = time.process_time()
    found = agreement(cases, mask)
    rate = len(cases) / (time.process_time() - started)
    told = "  ".join(f"{kind} {found[kind][0]:.3f}/{found[kind][1]:.3f}" for kind in KINDS)
    print(f"{name:9} precision/recall on {len(cases)} sentences: {told}   ({rate:.0f} texts/s)")


def days(folder: Path) -> list[pd.DataFrame]:
    sources = [open_source(SourceOptions(path=str(folder)))]
    found = []
    for day in known_days(sources):
        with tempfile.TemporaryDirectory() as scratch:
            found.append(read_day(sources, day, Path(scratch)).frame(INTERACTIONS))
    return found


def cost(name: str, frames: list[pd.DataFrame], redactor: Redactor) -> None:
    redactor.stored("Alice warms the caches up.")
    started = time.process_time()
    for frame in frames:
        redact_stored(INTERACTIONS, frame, redactor)
    took = time.process_time() - started
    rows = sum(map(len, frames))
    texts = pd.concat([frame[column] for frame in frames for column in ("prompt", "response")]).dropna().nunique()
    print(
        f"{name:9} {rows} interactions, {texts} distinct texts: {took:.1f} s, {took / rows * 680:.1f} s for a day of 680"
    )


def changed(data: Path, redactor: Redactor) -> None:
    for log in ("chat", "rag"):
        texts: dict[str, None] = {}
        for path in sorted((data / "logs" / log).glob("*.jsonl.gz")):
            with gzip.open(path, "rt", encoding="utf-8") as lines:
                for row in map(json.loads, lines):
                    found: list[Any] = [row["prompt"], row["response"], *(one["text"] for one in row["contexts"] or [])]
                    texts |= {text: None for text in found if isinstance(text, str)}
        started = time.process_time()
        shown = redactor.shown_column(texts)
        rate = len(texts) / (time.process_time() - started)
        differ = [(text, masked) for text, masked in zip(texts, shown, strict=True) if text != masked]
        print(f"{log:9} {len(differ)} of {len(texts)} distinct texts changed, {rate:.0f} texts/s")
        for text, masked in differ[:20]:
            print(f"          {text[:100]!r} -> {masked[:100]!r}")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--presidio", action="store_true", help="measure Presidio's recognisers beside")
    parser.add_argument("--names", action="store_true", help="with names too, which takes the extra pii and minutes")
    given = parser.parse_args()
    plain = Redactor(RedactionOptions(personal="ingest"))
    quality("obs_lib", plain.shown)
    if given.presidio:
        quality("Presidio", presidio())
    data = Path(os.environ["OBS_REAL_DATA"]) if os.environ.get("OBS_REAL_DATA") else None
    if data is None:
        import tempfile

        with tempfile.TemporaryDirectory() as folder:
            write_samples(Path(folder), days=2, per_route=340)
            frames = days(Path(folder))
    else:
        frames = days(data / "logs" / "chat")[:2]
        changed(data, plain)
    cost("patterns", frames, plain)
    if given.names:
        named = Redactor(RedactionOptions(personal="ingest", entities=(*RedactionOptions().entities, "name")))
        cost("and names", frames[:1], named)


if __name__ == "__main__":
    main()
