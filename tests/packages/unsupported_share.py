"""How much of an answer a token classifier in LettuceDetect's manner marks as not supported by the contexts."""

from __future__ import annotations

import json
from pathlib import Path

import pandas as pd

from obs_lib.catalogue.score import OwnModels
from obs_lib.evaluators.hallucinated_spans import detector_prompt
from obs_lib.models.classifier import load_classifier
from obs_lib.models.options import ClassifierOptions
from obs_lib.records import Metric

FOLDER = Path(__file__).with_name("detector")
"""The model beside this file: config.json, model.safetensors and a tokenizer, as Hugging Face has them."""
TOKENS = OwnModels(kinds=("tokens",), words="")
"""How it is asked. `words` tell which labels count; for tokens they are known: hallucinated."""


class UnsupportedShare:
    name = "unsupported_share"
    needs = ("prompt", "response", "contexts")
    describe = "Share of the answer's tokens that a token classifier calls hallucinated (LettuceDetect, Kovács 2025)."
    metrics = (
        Metric(
            "unsupported_share",
            "Share of answers without support",
            "score",
            "lower_is_better",
            0.1,
            "mean over answers of the share of tokens that the contexts do not support",
            aggregation="mean",
        ),
    )
    languages = ("en",)

    def __init__(self) -> None:
        self._model = load_classifier(self.name, ClassifierOptions(model=str(FOLDER)), __file__, TOKENS)

    @property
    def version(self) -> str:
        """Another model, another library, another precision: other values."""
        return f"1-{self._model.identity}"

    def score(self, frame: pd.DataFrame) -> pd.DataFrame:
        given = zip(frame["prompt"], frame["contexts"], frame["response"], strict=True)
        return pd.DataFrame([self._row(*texts) for texts in given], index=frame.index)

    def _row(self, prompt: str | None, contexts: str | None, response: str) -> dict[str, object]:
        passages = [context["text"] for context in json.loads(contexts or "[]")]
        if not passages:
            return {"status": "SKIPPED", "note": "no contexts", "value": None}
        (reading,) = self._model.read([(detector_prompt(prompt or "", passages), response)])
        marked = [token for token in reading.tokens if token.value >= 0.5]
        evidence = {"unsupported": [[token.start, token.end] for token in marked[:20]]}
        return {"status": "SCORED", "value": len(marked) / max(len(reading.tokens), 1), "evidence": evidence}
