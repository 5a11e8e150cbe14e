"""Limits of the evaluators, and the JSON schemas that `json_schema:<name>` refers to."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any, Self

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, StringConstraints, ValidationInfo, model_validator

from obs_lib.catalogue.evaluators import NAME, left_out, scores
from obs_lib.extensions import TARGET, Extension
from obs_lib.models.options import ClassifierOptions
from obs_lib.options import NAMES_LATER, ChangesNoResult, SettingsPath, from_folder

_NAMED = ChangesNoResult("what the file holds is named by the evaluators' versions, wherever it lies")


def _file_or_schema(given: str | dict[str, Any], info: ValidationInfo) -> str | dict[str, Any]:
    return from_folder(given, info) if isinstance(given, str) else given


Schema = Annotated[str | dict[str, Any], AfterValidator(_file_or_schema)]


EvaluatorName = Annotated[str, StringConstraints(pattern=f"^{NAME.pattern}$")]
Target = Annotated[str, StringConstraints(pattern=f"^{TARGET.pattern}$")]


class EvaluatorOptions(BaseModel):
    """How much of a text the evaluators read. Text from logs may be of any size; these bound the work for one answer."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    json_schemas: Annotated[dict[str, Schema], _NAMED] = Field(
        default_factory=dict,
        description="JSON schemas by the name that logs use in `json_schema:<name>`: a path to a file, relative to the "
        "settings file's folder, or the schema.",
    )
    weights: Annotated[SettingsPath | None, _NAMED] = Field(
        None,
        description="Folder of heads that tools/train_heads.py trained for another encoder; null: those that come with "
        "the package, for the bundled encoder and for all-mpnet-base-v2.",
    )
    models: dict[str, ClassifierOptions] = Field(
        default_factory=dict,
        description="Models of one's own by the score that they give in place of the bundled evaluator (docs/models.md).",
    )
    own: Annotated[dict[EvaluatorName, Target], ChangesNoResult("named by the evaluators' versions")] = Field(
        default_factory=dict,
        description="Evaluators of your own by name, each as `module:object`; a module is a file in the settings file's "
        "folder, or one that can be imported (docs/extending.md).",
    )
    anchors: Annotated[SettingsPath | None, _NAMED] = Field(
        None,
        description="File of your own anchors, scored every night beside the package's (docs/anchors.md): JSON Lines; null "
        "for none.",
    )
    max_characters: int = Field(
        20_000, ge=100, le=1_000_000, description="Characters of an answer, prompt or all its contexts that are read."
    )
    max_sentences: int = Field(
        24, ge=1, le=1000, description="Sentences of an answer whose support is looked up; the first ones count."
    )
    max_passages: int = Field(
        16, ge=1, le=1000, description="Passages of the contexts that an answer is compared with, by words shared."
    )
    max_pieces: int = Field(
        8, ge=1, le=100, description="Pieces of about 1,000 characters of a long answer that are read for toxicity."
    )
    max_format_characters: int = Field(
        100_000, ge=1000, le=10_000_000, description="Longest answer whose format is checked; longer ones are skipped."
    )
    regex_timeout_s: float = Field(
        1.0, gt=0, le=60, description="Seconds that one `regex:<pattern>` may take; beyond, the score is FAILED."
    )

    @model_validator(mode="after")
    def _consistent(self, info: ValidationInfo) -> Self:
        if not (info.context or {}).get(NAMES_LATER):
            self.check_names()
        return self

    def check_names(self) -> None:
        """ValueError where a model is to give a score that no model can give."""
        if self.models:
            able = [score.name for score in scores() if score.own_models]
            if unknown := sorted(self.models.keys() - set(able) - left_out()):
                raise ValueError(f"models must be for scores among {', '.join(able)}, found {', '.join(unknown)}")

    def extensions(self, file: Path) -> tuple[Extension, ...]:
        """The evaluators in `own`, as the settings file names them."""
        return tuple(
            Extension(name, target, file.name, str(file.parent.resolve())) for name, target in self.own.items()
        )
