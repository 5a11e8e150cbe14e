"""What is repaired in a row instead of rejecting it: values that cannot be true beside others that can.

A clock that jumped, or a counter that ran over, says nothing about the answer itself; the interaction is kept for quality
and loses only what cannot be. Every rule that was applied is named in the column `repairs` and counted in the report.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from typing import Any

from obs_lib.sources.validate import COUNTS, CheckedRow
from obs_lib.sources.values import canonical

_SLACK_MS = 1.0  # rounding of two clocks
_MOST_TOKENS = 10_000_000  # five times the longest context window there is
_LONGEST_MS = 86_400_000.0  # a day

BACKWARDS = "clock went backwards"
APART = "cached counted apart"
REASONED_APART = "reasoning counted apart"
RICHER = "counts beside each other"
UNKNOWN_PART = "unknown part of a message"
RULES: dict[str, str] = {
    "latency over a day": "total_latency_ms over 24 hours is unknown",
    "first token after the end": "ttft_ms beyond total_latency_ms: ttft_ms and tpot_ms are unknown",
    "parts beyond the whole": "prefill_ms + decode_ms beyond total_latency_ms: both are unknown",
    "impossible token count": "a token count over 10,000,000 is unknown",
    "more cached than read": "cached_input_tokens beyond input_tokens is unknown",
    "more reasoning than written": "reasoning_tokens beyond output_tokens is unknown",
    BACKWARDS: "a duration that is taken from two clock readings and came out negative is unknown",
    "no tokens beside text": "0 input_tokens beside a prompt, or 0 output_tokens beside an answer, is unknown",
    APART: "cached tokens that a log counts beside the input are added to input_tokens",
    REASONED_APART: "reasoning tokens that a log counts beside the output are added to output_tokens",
    RICHER: "a token count of 0, or without its cached or reasoning tokens, is taken from the usage that stands beside it",
    UNKNOWN_PART: "a part of a message that is of no known kind is left out; the parts beside it are read",
}
"""Every rule by its name, and what it does."""


def repair(record: CheckedRow, before: Sequence[str] = ()) -> list[str]:
    """Make what cannot be true of the interaction unknown (null); the rules' names, which `repairs` then holds (null: none).

    before : rules that were applied already, see `without_negative`.
    """
    applied = sorted({name for name, applies in _REPAIRS.items() if applies(record)} | set(RULES).intersection(before))
    record["repairs"] = canonical(applied) if applied else None
    return applied


def without_negative(fields: Mapping[str, Any], derived: Collection[str]) -> tuple[Mapping[str, Any], list[str]]:
    """The fields with negative ones among `derived` made unknown, and the rules that it took.

    derived : names of durations that a format takes from two clock readings.
    """
    wrong = [name for name in derived if isinstance(value := fields.get(name), int | float) and value < 0]
    return ({**fields, **dict.fromkeys(wrong)}, [BACKWARDS]) if wrong else (fields, [])


def _too_long(record: CheckedRow) -> bool:
    return _forget(record, (record["total_latency_ms"] or 0) > _LONGEST_MS, "total_latency_ms")


def _first_token(record: CheckedRow) -> bool:
    return _forget(record, _beyond(record["ttft_ms"], record["total_latency_ms"]), "ttft_ms", "tpot_ms")


def _parts(record: CheckedRow) -> bool:
    parts = (record["prefill_ms"] or 0) + (record["decode_ms"] or 0)
    return _forget(record, _beyond(parts, record["total_latency_ms"]), "prefill_ms", "decode_ms")


def _tokens(record: CheckedRow) -> bool:
    wrong = [name for name in COUNTS if (record[name] or 0) > _MOST_TOKENS]
    return _forget(record, bool(wrong), *wrong)


def _cached(record: CheckedRow) -> bool:
    return _part_beyond(record, "cached_input_tokens", "input_tokens")


def _reasoned(record: CheckedRow) -> bool:
    return _part_beyond(record, "reasoning_tokens", "output_tokens")


def _part_beyond(record: CheckedRow, part: str, whole: str) -> bool:
    inside, all_of_it = record[part], record[whole]
    return _forget(record, inside is not None and all_of_it is not None and inside > all_of_it, part)


def _zero(record: CheckedRow) -> bool:
    texts = {"input_tokens": "prompt", "output_tokens": "response"}
    wrong = [name for name, text in texts.items() if record[name] == 0 and (record[text] or "").strip()]
    return _forget(record, bool(wrong), *wrong)


def _beyond(part: float | None, whole: float | None) -> bool:
    return part is not None and whole is not None and part > whole + _SLACK_MS


def _forget(record: CheckedRow, wrong: bool, *names: str) -> bool:
    if wrong:
        record.update(dict.fromkeys(names))
    return wrong


_REPAIRS: Mapping[str, Callable[[dict[str, Any]], bool]] = {
    "latency over a day": _too_long,
    "first token after the end": _first_token,
    "parts beyond the whole": _parts,
    "impossible token count": _tokens,
    "more cached than read": _cached,
    "more reasoning than written": _reasoned,
    "no tokens beside text": _zero,
}
