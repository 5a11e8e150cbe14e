"""What is asked and answered on the two routes: the texts of an interaction, without times and counts."""

from __future__ import annotations

import json
from typing import Any, NamedTuple

import numpy as np

from obs_lib.samples.asks import (
    ASKS,
    CODE_ANSWERS,
    CODE_ASK,
    DAMAGES,
    DECLINED,
    INSULT,
    NOTE,
    PLACES,
    REFUSAL,
    Ask,
)
from obs_lib.samples.calendar import Incidents
from obs_lib.samples.handbook import FACTS, TOPICS, Fact, passage
from obs_lib.samples.patterns import expand, pick, seeded

_JSON_CANARIES = 4
_OTHERS = ("json",) * 7 + ("code",) * 2 + ("private",) + ("ask",) * 18  # what is asked besides the canaries


class Exchange(NamedTuple):
    """The texts of one interaction.

    quality : the rating that a typical rider would give, from 0 to 1. lost : whether retrieval returned other topics.
    """

    prompt_id: str | None
    prompt: str
    response: str
    contexts: list[dict[str, Any]] | None = None
    expected_format: str | None = None
    flags: tuple[str, ...] = ()
    quality: float = 0.86
    lost: bool = False


def assistant(i: int, day: Incidents, rng: np.random.Generator) -> Exchange:
    """The i-th exchange of the day on the route `assistant`: first the canaries, then whatever comes."""
    canaries = len(ASKS) + 1
    if i < len(ASKS):
        return _ask(ASKS[i], f"ask-{i:02d}", day, rng)
    if i < canaries:
        return _declined(DECLINED[0], "private-00", rng)
    if i < canaries + _JSON_CANARIES:
        return _json(f"json-{i - canaries}", day, rng)
    if i == canaries + _JSON_CANARIES:
        return _code("code-0", rng)
    match pick(_OTHERS, rng):
        case "json":
            return _json(None, day, rng)
        case "code":
            return _ticket(rng) if rng.random() < 0.5 else _code(None, rng)
        case "private":
            return _declined(DECLINED[int(rng.integers(len(DECLINED)))], None, rng)
        case _:
            return _ask(ASKS[int(rng.integers(len(ASKS)))], None, day, rng)


def docs_rag(i: int, day: Incidents, rng: np.random.Generator) -> Exchange:
    """The i-th exchange of the day on the route `docs-rag`: every fact once as a canary, then any of them."""
    canary = i < len(FACTS)
    fact = FACTS[i] if canary else FACTS[int(rng.integers(len(FACTS)))]
    name = f"fact-{i:02d}" if canary else None
    prompt = expand(fact.question, seeded(name) if canary else rng)
    if rng.random() < day.lost_contexts:
        topics = [topic for topic in TOPICS if topic != fact.topic]
        return Exchange(name, prompt, expand(fact.invented, rng), _contexts(topics, rng, 0.31), quality=0.45, lost=True)
    near = [topic for topic in TOPICS if topic != fact.topic]
    contexts = _contexts([fact.topic], rng, 0.82) + _contexts(near, rng, 0.52)[:2]
    return Exchange(name, prompt, _grounded(fact, rng), contexts)


def _grounded(fact: Fact, rng: np.random.Generator) -> str:
    """The fact's answer, now and then followed by another sentence of the same section."""
    answer = expand(fact.answer, rng)
    others = [other.context for other in FACTS if other.topic == fact.topic and other is not fact]
    if others and rng.random() < 0.3:
        return f"{answer} {pick(others, rng)}"
    return answer


def _contexts(topics: list[str], rng: np.random.Generator, best: float) -> list[dict[str, Any]]:
    """Up to three sections of the handbook, as a retriever returns them, best first."""
    chosen = rng.permutation(len(topics))[:3]
    scores = np.sort(best - 0.08 * rng.random(len(chosen)))[::-1]
    return [
        {"id": f"handbook/{topics[n].replace(' ', '-')}", "text": passage(topics[n]), "score": round(float(score), 3)}
        for n, score in zip(chosen, scores, strict=True)
    ]


def _ask(ask: Ask, name: str | None, day: Incidents, rng: np.random.Generator) -> Exchange:
    prompt = expand(ask.question, seeded(name) if name else rng)
    if rng.random() < day.refuses or ask.answer is None:
        return Exchange(name, prompt, expand(REFUSAL, rng), quality=0.4)
    if rng.random() < day.toxic:
        flags = ("harassment",) if rng.random() < 0.5 else ()
        return Exchange(name, prompt, expand(INSULT, rng), flags=flags, quality=0.05)
    return Exchange(name, prompt, expand(ask.answer, rng))


def _declined(ask: Ask, name: str | None, rng: np.random.Generator) -> Exchange:
    prompt = expand(ask.question, seeded(name) if name else rng)
    return Exchange(name, prompt, expand(REFUSAL, rng), flags=("privacy",), quality=0.7)


def _json(name: str | None, day: Incidents, rng: np.random.Generator) -> Exchange:
    """A workshop note to be turned into JSON; a canary's note is always the same."""
    fixed = seeded(name) if name else rng
    bike, place, damage = int(fixed.integers(1000, 9999)), pick(PLACES, fixed), pick(DAMAGES, fixed)
    note = expand(NOTE, fixed).replace("NUMBER", str(bike)).replace("PLACE", place).replace("DAMAGE", damage)
    prompt = f"Turn this workshop note into a JSON object with the keys bike, place, damage and urgent. Note: {note}"
    ticket = {"bike": bike, "place": place, "damage": damage, "urgent": bool(rng.random() < 0.5)}
    text = json.dumps(ticket, indent=2 if rng.random() < 0.4 else None)
    if rng.random() < day.unclosed:
        text = text.rstrip("}\n ").rsplit(",", 1)[0]
    return Exchange(name, prompt, text, expected_format="json")


def _code(name: str | None, rng: np.random.Generator) -> Exchange:
    return Exchange(name, CODE_ASK, pick(CODE_ANSWERS, rng), expected_format="python")


def _ticket(rng: np.random.Generator) -> Exchange:
    number, place = int(rng.integers(1000, 9999)), pick(PLACES, rng)
    code = f"{place[0]}{place.split()[1][0]}-{number}"
    prompt = f"Give only the ticket code for bike {number} at {place}: the initials of the place, a hyphen and the bike number."
    return Exchange(None, prompt, code, expected_format=r"regex:[A-Z]{2}-\d{4}")
