"""A rubric: what a judge is asked, of which texts, and on which scale. Read from YAML, ready-made or a user's own."""

from __future__ import annotations

from importlib.resources import files
from pathlib import Path
from typing import Any, Literal, Self

import yaml
from pydantic import BaseModel, ConfigDict, Field, ValidationError, field_validator, model_validator

from obs_lib.catalogue import evaluator_names, score_of
from obs_lib.digests import digest_of
from obs_lib.errors import ConfigError
from obs_lib.yaml_text import read_yaml

_RUBRICS = files("obs_lib.evaluators.judge").joinpath("rubrics")
READY_MADE = tuple(
    sorted(file.name.removesuffix(".yaml") for file in _RUBRICS.iterdir() if file.name.endswith(".yaml"))
)
PAIRWISE = {"first": 1.0, "second": 0.0, "tie": 0.5}
"""The scale of every pairwise rubric, as the value of the answer that is shown first."""

Text = Literal["prompt", "contexts", "response", "reference", "session"]
_LONGEST = 1 << 20  # bytes of a rubric's file
_WORSE = {"higher_is_better": "lower", "lower_is_better": "higher"}


class Rubric(BaseModel):
    """One question to a judge.

    Labels must begin with different letters: then the first token of a verdict tells which one it is, and the token's
    probabilities are the labels'.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    name: str = Field(pattern=r"^[a-z][a-z0-9_]{0,39}$")
    version: int = Field(ge=1)
    title: str = Field(min_length=1, max_length=80)
    kind: Literal["score", "pairwise"] = "score"
    reads: tuple[Text, ...] = Field(min_length=1)
    optional: tuple[Text, ...] = ()
    direction: Literal["higher_is_better", "lower_is_better"] = "higher_is_better"
    instructions: str = Field(min_length=1, max_length=20_000)
    labels: dict[str, float] = Field(default_factory=lambda: dict(PAIRWISE))

    @model_validator(mode="before")
    @classmethod
    def _written_before(cls, fields: Any) -> Any:
        """Files written before `direction` had its name say which end is `worse`."""
        if not isinstance(fields, dict) or "direction" in fields:
            return fields
        direction = {worse: name for name, worse in _WORSE.items()}.get(str(fields.get("worse")))
        return (
            fields
            if direction is None
            else {name: value for name, value in fields.items() if name != "worse"} | {"direction": direction}
        )

    @field_validator("labels")
    @classmethod
    def _scale(cls, labels: dict[str, float]) -> dict[str, float]:
        starts = {label[:1].casefold() for label in labels}
        if len(labels) < 2 or len(starts) < len(labels) or not all(label.isidentifier() for label in labels):
            raise ValueError("labels must be two or more words that begin with different letters")
        if not all(0 <= value <= 1 for value in labels.values()) or len(set(labels.values())) < 2:
            raise ValueError("labels must have values from 0 to 1, not all the same")
        return labels

    @model_validator(mode="after")
    def _of_its_kind(self) -> Self:
        if self.kind == "pairwise" and (self.labels != PAIRWISE or "response" in self.reads):
            raise ValueError("a pairwise rubric has no labels of its own and does not read `response`")
        if self.kind == "score" and self.labels == PAIRWISE:
            raise ValueError("labels must be given")
        if not set(self.optional) <= set(self.reads):
            raise ValueError("what is optional must stand among `reads`")
        return self

    @property
    def digest(self) -> str:
        """Name of everything that decides what the judge is asked.

        The direction is named as it was when the first verdicts were kept (`worse`): a digest that changes with a word asks,
        and pays for, every verdict again.
        """
        asked = self.model_dump(mode="json")
        asked["worse"] = _WORSE[asked.pop("direction")]
        return digest_of(asked, list(self.labels))[:12]


def score_name(name: str, rubric: Rubric) -> str:
    """The score's name, which is also the metric's where it is a judge's own.

    A local evaluator's name, else `judge:<name>`, a mean where 1 is good, or `judge_rate:<name>`, a share where 1 is bad.
    """
    if name in evaluator_names():
        return name
    return f"judge:{name}" if rubric.direction == "higher_is_better" else f"judge_rate:{name}"


def rubric_of(judge: str, named: str | None) -> Rubric:
    """The rubric of an entry of `judges`: the one it names, else the one that the evaluator of its name declares."""
    declared = score_of(judge) if named is None else None
    chosen = named or (declared.rubric if declared else None)
    if chosen is None:
        raise ConfigError("a judge has no rubric", rule="given for a score of its own", where=f"judges.{judge}.rubric")
    return load_rubric(chosen)


def judged_score(judge: str, named: str | None) -> str | None:
    """The score that an entry of `judges` gives; None for one that compares two answers. Imports no evaluator."""
    if judge in evaluator_names():
        return judge
    rubric = rubric_of(judge, named)
    return score_name(judge, rubric) if rubric.kind == "score" else None


def load_rubric(named: str) -> Rubric:
    """The ready-made rubric of that name, or the one in a YAML file. ConfigError where there is none, or it is none."""
    if named in READY_MADE:
        return _parsed(_RUBRICS.joinpath(f"{named}.yaml").read_bytes(), named)
    if not named.endswith((".yaml", ".yml")):
        raise ConfigError(
            "there is no such rubric",
            rule=f"one of {', '.join(READY_MADE)}, or a path that ends in .yaml or .yml",
            found=named[:100],
            where="judges",
        )
    try:
        with Path(named).expanduser().open("rb") as file:
            raw = file.read(_LONGEST + 1)
    except (OSError, ValueError, RuntimeError) as error:  # a path with a NUL; ~somebody, who is not known here
        raise ConfigError("a rubric cannot be read", found=str(error), where=named) from None
    if len(raw) > _LONGEST:
        raise ConfigError("a rubric is too large", rule=f"at most {_LONGEST:,} bytes", where=named)
    return _parsed(raw, named)


def _parsed(raw: bytes, where: str) -> Rubric:
    try:
        return Rubric.model_validate(read_yaml(raw))
    except yaml.YAMLError as error:
        raise ConfigError("a rubric is not YAML", found=str(error)[:200], where=where) from None
    except ValidationError as error:
        problems = "; ".join(f"{'.'.join(map(str, item['loc'])) or '(file)'}: {item['msg']}" for item in error.errors())
        raise ConfigError("not a rubric", found=problems[:500], where=where, fix="see docs/judge.md") from None
