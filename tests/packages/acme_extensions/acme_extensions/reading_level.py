"""How easy an answer is to read: Flesch's reading ease (Flesch 1948), for English."""

from __future__ import annotations

import re

import pandas as pd

from obs_lib.records import Metric

WORDS = re.compile(r"[a-z']+")
SENTENCES = re.compile(r"[.!?]+(?:\s|$)")
SYLLABLES = re.compile(r"[aeiouy]+")


class ReadingLevel:
    name = "reading_level"
    version = "1"
    needs = ("response",)
    describe = (
        "Flesch's reading ease of the answer over 100, cut to 0 to 1: short sentences of short words are easy to read."
    )
    metrics = (
        Metric(
            "hard_to_read_rate",
            "Answers hard to read",
            "share",
            "lower_is_better",
            0.3,
            "share of answers with a reading ease under 50",
            aggregation="share_below",
        ),
        Metric(
            "reading_ease",
            "Reading ease",
            "score",
            "higher_is_better",
            None,
            "mean over answers of (206.835 - 1.015 words a sentence - 84.6 syllables a word) / 100",
            aggregation="mean",
        ),
    )
    labels = ("readable",)
    counted = "hard to read"
    languages = ("en",)

    def score(self, frame: pd.DataFrame) -> pd.DataFrame:
        return pd.DataFrame([_row(response) for response in frame["response"]], index=frame.index)


def _row(response: str) -> dict[str, object]:
    words = WORDS.findall(response.lower())
    if not words:
        return {"status": "SKIPPED", "note": "no words", "value": None}
    sentences = max(1, len(SENTENCES.findall(response)))
    syllables = sum(max(1, len(SYLLABLES.findall(word))) for word in words)
    ease = (206.835 - 1.015 * len(words) / sentences - 84.6 * syllables / len(words)) / 100
    evidence = {"words": len(words), "sentences": sentences, "syllables": syllables}
    return {"status": "SCORED", "value": min(max(ease, 0.0), 1.0), "evidence": evidence}
