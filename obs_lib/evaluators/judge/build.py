"""The judges that the settings name, put beside or in the place of the local evaluators."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path

from obs_lib.catalogue import evaluator_names, left_out, score_of
from obs_lib.connections import Connection
from obs_lib.errors import ConfigError
from obs_lib.evaluators.judge.asking import Rates
from obs_lib.evaluators.judge.cascade import with_cascade
from obs_lib.evaluators.judge.evaluator import Judge, JudgeRuntime
from obs_lib.evaluators.judge.ledger import Ledger
from obs_lib.evaluators.judge.options import JudgeOptions
from obs_lib.evaluators.judge.rubric import Rubric, rubric_of, score_name
from obs_lib.records import Evaluator


def ledger_of(files: Path) -> Ledger:
    """The ledger of a lake, by the folder that its workers share."""
    return Ledger(files / "judges" / "ledger.sqlite3")


def build_judges(
    judges: Mapping[str, JudgeOptions],
    ledger: Ledger,
    connect: Callable[[str], Connection],
    masking: tuple[Callable[[str], str], str],
    rates: Callable[[str], Rates | None],
) -> tuple[Judge, ...]:
    """One judge for each entry, in the order of their names; asks nobody.

    masking : what is done to every text before it is sent, and what that is called. rates : the prices of a model.
    ConfigError where a rubric does not fit its entry, or a budget in USD has no price to count by.
    """
    built = []
    for name, options in sorted(judges.items()):
        if options.rubric is None and name in left_out():
            continue  # the evaluator whose rubric it would have cannot be loaded
        rubric, price = rubric_of(name, options.rubric), rates(options.model)
        _check(name, rubric, options, price)
        runtime = JudgeRuntime(ledger, connect, masking[0], price, masking[1])
        built.append(Judge(score_name(name, rubric), rubric, options, runtime))
    return tuple(built)


def _check(name: str, rubric: Rubric, options: JudgeOptions, price: Rates | None) -> None:
    where = f"judges.{name}"
    local = score_of(name)
    if local is not None and rubric.kind == "score" and (rubric.direction == "lower_is_better") is not local.one_is_bad:
        raise ConfigError(
            f"the scale of the rubric is the other way round than that of the score {name}",
            rule=f"direction: {'lower' if local.one_is_bad else 'higher'}_is_better, or a name of its own",
            found=f"direction: {rubric.direction}",
            where=where,
        )
    if local is not None and rubric.kind == "pairwise":
        raise ConfigError("a pairwise rubric scores no single answer", rule="kind: score", where=where)
    if options.cascade is not None and (local is None or options.batch != "off" or _limited(options)):
        raise ConfigError(
            "a cascade does not fit this judge",
            rule="an evaluator's name, without a budget and batch: off",
            where=where,
        )
    if options.batch == "anthropic" and options.probabilities == "required":
        raise ConfigError("this batch API gives no token probabilities", rule="probabilities: auto or off", where=where)
    if options.budget_usd is not None and price is None:
        raise ConfigError(
            "a budget in USD needs the price of the model",
            found=options.model,
            where=where,
            fix="name it in summaries.prices",
        )


def _limited(options: JudgeOptions) -> bool:
    """Whether a day's budget is dealt to cases before it is known which the local evaluator is unsure of."""
    return options.budget_calls is not None or options.budget_usd is not None


def together(local: tuple[Evaluator, ...], judges: tuple[Judge, ...]) -> tuple[Evaluator, ...]:
    """All evaluators in the order of the catalogue, a judge in the place of the local one of its name, others at the end."""
    by_name = {evaluator.name: evaluator for evaluator in local}
    by_name |= {judge.name: with_cascade(by_name.get(judge.name), judge) for judge in judges}
    known = [name for name in evaluator_names() if name in by_name]
    return tuple(by_name[name] for name in (*known, *(name for name in by_name if name not in known)))
