"""Groundedness by a token classifier that marks what the contexts do not support, as LettuceDetect does."""

from __future__ import annotations

import pandas as pd

from obs_lib.evaluators.answers import Answered, outcomes_by_model
from obs_lib.evaluators.options import EvaluatorOptions
from obs_lib.evaluators.outcomes import Case, Outcome, scored, skipped
from obs_lib.evaluators.passages import context_set, nearest, within
from obs_lib.models.classifier import Classifier, Pair, Token
from obs_lib.records import Vectors

_EXCERPT = 300
_SHOWN = 5
_SPECIAL = 8
_LEAST_ROOM = 16
_NUMBERING = 8
"""Tokens of "passage 12: " and the line break after it, at most."""

# The prompts of RAGTruth's question answering and summaries, on which LettuceDetect's English models were trained.
_ASKED = (
    "Briefly answer the following question:\n{question}\n"
    "Bear in mind that your response should be strictly based on the following {number} passages:\n{passages}\n"
    "In case the passages do not contain the necessary information to answer the question, please reply with: "
    '"Unable to answer based on given passages."\noutput:'
)
_UNASKED = "Summarize the following text:\n{passages}\noutput:"


class HallucinatedSpans:
    """Implements `records.Evaluator`. One minus the highest probability, over the answer's tokens, of being hallucinated.

    Contexts that do not fit together are read in portions. A token counts as supported if one portion supports it, while
    LettuceDetect asks that all do; both agree wherever one portion holds everything.
    """

    needs = frozenset({"prompt", "response", "contexts", "error"})

    def __init__(self, name: str, options: EvaluatorOptions, model: Classifier) -> None:
        self.name, self._options, self._model = name, options, model
        self.version = f"1-{model.identity}-{options.max_characters}-{options.max_passages}"
        self.describe = (
            "One minus the highest probability, over the answer's tokens, that the contexts do not support it "
            f"({model.identity})."
        )

    def texts(self, batch: pd.DataFrame) -> list[str]:
        return []

    def score(self, batch: pd.DataFrame, vectors: Vectors) -> pd.DataFrame:
        return outcomes_by_model(batch, self._model, self._ask, self._decide)

    def _pieces(self, response: str) -> list[tuple[int, int]]:
        return self._model.split(response[: self._options.max_characters], self._model.max_tokens // 2)

    def _ask(self, case: Case, response: str) -> list[Pair]:
        """All portions of the contexts with the first piece of the answer, then all with the second, and so on."""
        contexts = context_set(case.contexts)
        if not contexts:
            return []
        contexts = within(nearest(contexts, response, len(contexts)), self._options.max_characters)
        pieces = self._pieces(response)
        question = self._question(case.prompt)
        taken = max(self._model.count(response[a:b]) for a, b in pieces) + self._model.count(
            detector_prompt(question, [])
        )
        room = max(_LEAST_ROOM, self._model.max_tokens - taken - _SPECIAL)
        portions = self._portions(contexts, room)
        return [(detector_prompt(question, portion), response[a:b]) for a, b in pieces for portion in portions]

    def _question(self, prompt: str | None) -> str:
        """The prompt, but never more than a quarter of what the model reads."""
        text = (prompt or "").strip()[: self._options.max_characters]
        return text[slice(*self._model.split(text, self._model.max_tokens // 4)[0])] if text else ""

    def _portions(self, contexts: list[str], room: int) -> list[list[str]]:
        """Passages in portions of at most `room` tokens, in an order that their texts alone decide."""
        longest = max(1, room - _NUMBERING)
        windows = {text[a:b].strip() for text in contexts for a, b in self._model.split(text, longest)} - {""}
        portions: list[list[str]] = []
        left = 0
        for passage in windows_in_order(windows, contexts, self._options.max_passages):
            needed = self._model.count(passage) + _NUMBERING
            if needed > left or not portions:
                portions.append([])
                left = room
            portions[-1].append(passage)
            left -= needed
        return portions

    def _decide(self, case: Case, response: str, answered: list[Answered]) -> Outcome:
        readings = [each.reading for each in answered]
        if not readings:
            return skipped("no contexts")
        pieces = self._pieces(response)
        portions = len(readings) // len(pieces)
        tokens: dict[tuple[int, int], float] = {}
        for place, (start, end) in enumerate(pieces):
            of_piece = [reading.tokens for reading in readings[place * portions : (place + 1) * portions]]
            for token in _least(of_piece, start):
                if (token.start, token.end) not in tokens and token.end <= end:
                    tokens[token.start, token.end] = token.value
        if not tokens:
            return skipped("the answer has no words")
        marked = [Token(start, end, value) for (start, end), value in sorted(tokens.items())]
        worst = max(marked, key=lambda token: token.value)
        return scored(1.0 - worst.value, {"hallucinated": _spans(marked, response), "highest": round(worst.value, 4)})


def windows_in_order(windows: set[str], contexts: list[str], most: int) -> list[str]:
    """At most `most` windows: by the order of the contexts they come from, then by their text."""
    place = {window: next((i for i, text in enumerate(contexts) if window in text), 0) for window in windows}
    return sorted(windows, key=lambda window: (place[window], contexts[place[window]].find(window), window))[:most]


def detector_prompt(question: str, passages: list[str]) -> str:
    """What an English LettuceDetect model reads before the answer; without a question it is asked for a summary."""
    listed = "\n".join(f"passage {number}: {passage}" for number, passage in enumerate(passages, start=1))
    if not question:
        return _UNASKED.format(passages=listed)
    return _ASKED.format(question=question, number=len(passages), passages=listed)


def _least(readings: list[tuple[Token, ...]], start: int) -> list[Token]:
    """Token by token the least over the portions, at places in the whole answer; the same text gives the same tokens."""
    columns = zip(*readings, strict=True)
    return [Token(same[0].start + start, same[0].end + start, min(token.value for token in same)) for same in columns]


def _spans(tokens: list[Token], response: str) -> list[dict[str, object]]:
    """Runs of tokens that are more likely hallucinated than not, the surest first."""
    runs: list[list[Token]] = []
    before = False
    for token in tokens:
        if token.value >= 0.5:
            if before:
                runs[-1].append(token)
            else:
                runs.append([token])
        before = token.value >= 0.5
    ordered = sorted(runs, key=lambda run: (-max(token.value for token in run), run[0].start))
    return [
        {
            "start": run[0].start,
            "end": run[-1].end,
            "text": response[run[0].start : run[-1].end][:_EXCERPT],
            "probability": round(max(token.value for token in run), 4),
        }
        for run in ordered[:_SHOWN]
    ]
