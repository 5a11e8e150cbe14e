"""Compare two answers a line of a JSON Lines file by a pairwise judge of the settings, and say what their order does to it."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import asdict
from pathlib import Path
from typing import Any

from obs_lib.errors import ConfigError, EvaluatorError, SourceError
from obs_lib.evaluators.judge.pairwise import compare
from obs_lib.pipeline.workspace import Workspace
from obs_lib.summaries.judge_bias import Bias, first_preference, flip_share

_GIVEN = ("prompt", "contexts", "reference")


def compare_file(ws: Workspace, path: Path, judge: str) -> Iterator[dict[str, Any]]:
    """One result for each line `{id, a, b, prompt, contexts, reference}` of the file, in its order.

    A result has the line's `id` and `status`: SCORED with the fields of `Preference`, or FAILED with a `note`. judge : the
    name of an entry of `judges`. ConfigError where there is none, SourceError where the file cannot be read.
    """
    chosen = next((known for known in ws.judges if known.name.partition(":")[2] == judge), None)
    if chosen is None:
        raise ConfigError(
            "there is no such judge", rule=f"one of {', '.join(ws.settings.judges) or 'none'}", found=judge
        )

    def result(line: tuple[int, str]) -> dict[str, Any]:
        number, text = line
        line_id: dict[str, Any] = {"id": number}
        try:
            row = json.loads(text)
            given = {name: row[name] for name in _GIVEN if isinstance(row.get(name), str)}
            line_id["id"] = row.get("id", number)
            preference = compare(chosen, str(row["a"]), str(row["b"]), given)
        except (ValueError, KeyError, AttributeError, RecursionError):
            return {**line_id, "status": "FAILED", "note": "the line is no object with `a` and `b`"}
        except EvaluatorError as problem:
            return {**line_id, "status": "FAILED", "note": str(problem)}
        return {**line_id, "status": "SCORED", **asdict(preference)}

    try:
        lines = path.read_text(encoding="utf-8").splitlines()
    except (OSError, UnicodeDecodeError) as error:
        raise SourceError("the pairs cannot be read", found=str(error)[:200], where=path) from None
    with ThreadPoolExecutor(chosen.options.concurrency) as pool:
        yield from pool.map(result, ((n, line) for n, line in enumerate(lines, 1) if line.strip()))


def position_bias(winners: Sequence[tuple[str, str]]) -> str:
    """What the order of two answers does to a judge, in words; empty without a pair.

    winners : the winner when `a` was shown first, and when it was shown second, of each pair.
    """

    def written(bias: Bias) -> str:
        return f"{bias.value:.0%} (95% interval {bias.low:.0%} to {bias.high:.0%})"

    first, second = [winner for winner, _ in winners], [winner for _, winner in winners]
    flips, toward = flip_share(first, second), first_preference(first, second)
    if flips is None:
        return ""
    sentence = f"the winner turns with the order in {written(flips)} of {flips.n} pair(s)"
    if toward is None:
        return sentence
    return (
        f"{sentence}; of {toward.n} that turn from one answer to the other, {written(toward)} go to the one shown first"
    )
