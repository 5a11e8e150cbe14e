"""What a score is: everything that other rooms ask about it, declared once, in the evaluator's own file."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from obs_lib.records import Metric


@dataclass(frozen=True, slots=True)
class OwnModels:
    """Which models of a user's own may judge in the local evaluator's place (`evaluators.models`)."""

    kinds: tuple[str, ...]
    """How a model may be asked, as in `models.options.ClassifierOptions`; the first for a sequence classifier."""
    words: str
    """Words, with spaces between them, one of which stands in the name of a label that says yes."""
    finds: bool = False
    """Whether a label beside a benign one ("neutral") says yes, whatever it is called."""
    all_labels: bool = False
    """Whether every label of a model may say yes, as those of toxic-bert do."""


@dataclass(frozen=True, slots=True)
class Score:
    """One score: values in [0, 1] that one evaluator gives, or what stands in its place."""

    name: str
    """As in the `scores` table; also the evaluator's."""
    needs: frozenset[str]
    """Columns of `records.CASE_COLUMNS` that it reads, or `records.SESSION`."""
    metrics: tuple[Metric, ...]
    """What sums it up, at least one; the first says which end is bad."""
    labels: tuple[str, ...] = ()
    """Names of people's labels that say what a value near 1 says, beside the score's own name; the first is the one to
    write."""
    counted: str = ""
    """What the metric counts, in a word for the reader ("hallucinated"); empty for the first of `labels`."""
    opt_in: bool = False
    """Whether it runs only where `scoring.evaluators` names it."""
    pass_fail: bool = False
    """Whether most answers have nothing wrong with them, so that only those at 0.5 or less are worth showing."""
    anchors: Path | None = None
    """File of frozen anchors that come with it; None for none."""
    rubric: str | None = None
    """Rubric of a judge in its place, ready-made or a path, where the settings name none; None for none."""
    languages: tuple[str, ...] = ()
    """Those that it was measured on (ISO 639-1), in which alone it judges: texts in others are SKIPPED
    (`evaluators.in_languages`). Empty where no language matters to it, or nobody measured."""
    heads: tuple[str, ...] = ()
    """Names of the trained heads that it reads."""
    own_models: OwnModels | None = None
    """Which models may judge in its place; None for none."""
    ranks: bool = False
    """Whether its values order several answers to one question, so that the bench measures rankings too."""
    rare: bool = False
    """Whether ordinary answers hardly ever have what it counts: the bench counts false alarms on sets of `ordinary` ones."""
    ordinary: bool = False
    """Whether its labelled sets hold ordinary answers of assistants."""

    @property
    def one_is_bad(self) -> bool:
        """Whether values near 1 are the bad ones."""
        return one_is_bad(self.metrics[0])

    @property
    def counts_low(self) -> bool:
        """Whether what the metric counts are low values, such as those of answers that are not grounded."""
        return self.metrics[0].aggregation == "share_below"

    @property
    def occasional(self) -> bool:
        """Whether only some days have it: it must be named, or needs what few logs give."""
        return self.opt_in or "reference" in self.needs

    @property
    def label(self) -> str:
        """The name of the label to write."""
        return self.labels[0] if self.labels else self.name

    @property
    def counted_word(self) -> str:
        """What the metric counts, for the reader."""
        return self.counted or self.label.replace("_", "-")


def one_is_bad(metric: Metric) -> bool:
    """Whether a score near 1 is the bad one, by a metric that sums it up."""
    return metric.direction == "lower_is_better" and metric.aggregation != "share_below"
