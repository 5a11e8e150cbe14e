"""Which of people's labels speak of which score, and how many a corrected rate needs."""

from __future__ import annotations

from pydantic import BaseModel, ConfigDict, Field

from obs_lib.catalogue import score_of

YES = frozenset({"true", "yes", "1", "pass", "passed", "good", "correct"})
NO = frozenset({"false", "no", "0", "fail", "failed", "bad", "incorrect"})


class ScoreLabels(BaseModel):
    """The labels that speak of one score."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    label: str = Field(min_length=1, max_length=200, description="Name of the label, as the label source gives it.")
    positive: tuple[bool | float | str, ...] | None = Field(
        None,
        description="Values that say what a score near 1 says (grounded, toxic, relevant, refused, in the right format, "
        "refused though harmless); any other value says the opposite. null: true, numbers above 0.5 and words such as yes, "
        "pass, or the label's own name do, and words that are neither yes nor no are left out.",
    )


class LabelOptions(BaseModel):
    """How people's labels are held against the evaluators."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    scores: dict[str, ScoreLabels] = Field(
        default_factory=dict,
        description="Labels by the score that they speak of, such as {refusal: {label: answered, positive: [false]}}. A score "
        "that is not here is spoken of by labels of its own name or of those that it declares (docs/labels.md).",
    )
    ignored_sources: tuple[str, ...] = Field(
        ("evaluation", "api", "judge", "llm", "code"),
        description="Sources of labels that are no people: what a program or a judge said.",
    )
    feedback_sources: tuple[str, ...] = Field(
        ("feedback",), description="Sources of labels that people gave of their own accord: they feed agreement alone."
    )
    minimum: int = Field(
        30,
        ge=10,
        le=100_000,
        description="Labels drawn at random that a corrected rate needs; with fewer it is NO_DATA.",
    )
    window_days: int = Field(
        28, ge=1, le=366, description="Days up to a report's own whose labels its section on people's labels adds up."
    )

    def names(self, score: str) -> tuple[str, ...]:
        """Names of the labels that speak of a score, the one to write first: of `judge:manners` that is `manners`."""
        given = self.scores.get(score)
        if given:
            return (given.label,)
        if ":" in score:
            return (score.partition(":")[2], score)
        declared = score_of(score)
        labels = declared.labels if declared else ()
        return (*labels[:1], score, *labels[1:])

    def verdict(self, score: str, value: float | None, text: str | None) -> float | None:
        """1 where a label says what a score near 1 says, 0 where it says the opposite, None where it says neither."""
        given = self.scores.get(score)
        if given is not None and given.positive is not None:
            return float(any(_equal(one, value, text) for one in given.positive))
        if text is None:
            return None if value is None else float(value > 0.5)
        word = text.strip().casefold()
        if word in YES or word in self.names(score):
            return 1.0
        return (
            0.0
            if word in NO or word in {f"{no}{name}" for no in ("not ", "un", "not_") for name in self.names(score)}
            else None
        )


def _equal(wanted: bool | float | str, value: float | None, text: str | None) -> bool:
    if isinstance(wanted, str):
        return text is not None and text.strip().casefold() == wanted.strip().casefold()
    return value is not None and float(wanted) == value
