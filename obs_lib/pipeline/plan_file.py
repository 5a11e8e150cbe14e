"""The plan of a day as an object, and as `plan.json` in the plan's staging folder.

The file is written last, when every frame of the plan is there, and is the first that the steps after it look for. It holds no
text of the logs.
"""

from __future__ import annotations

import datetime as dt
import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass, replace
from enum import StrEnum
from typing import Any, Self

from obs_lib.digests import digest_of
from obs_lib.pipeline.staging import Staging
from obs_lib.records import Day

FILE = "plan.json"
VERSION = 2
"""Of the file. One of another version is no plan: the day is planned again, and keeps the scores that are still right."""


class PlanState(StrEnum):
    """What became of a plan."""

    PLANNED = "PLANNED"  # its shards score, or are still to
    COMPLETE = "COMPLETE"  # every case has its scores
    LOST_SHARDS = "LOST_SHARDS"  # shards left nothing: their cases have FAILED rows until they are scored after all
    UNANSWERED = "UNANSWERED"  # a judge failed on some cases; planned again, the day asks it once more


@dataclass(frozen=True, slots=True)
class Plan:
    """What of a day is scored, by whom, and in how many parts. Which case is in which batch stands in its frames.

    id : names everything that decides the day's scores, and what is left to score; equal plans share one staging folder.
    evaluators : (name, version) of each, in the order in which they score.
    encoder : identity of the encoder whose vectors they read.
    batch_size : cases that an evaluator sees at once, at most.
    shards : parts that can be scored at once, 0 where nothing is to score.
    reuse : whether vectors of earlier days are taken over, and scores of this one.
    cases, to_score : distinct cases of the drawn interactions, and those among them without scores that are still right.
    lost_shards : numbers of the shards that had left nothing when the plan was collected.
    """

    id: str
    day: Day
    evaluators: tuple[tuple[str, str], ...]
    encoder: str
    batch_size: int
    shards: int
    reuse: bool
    cases: int
    to_score: int
    state: PlanState = PlanState.PLANNED
    lost_shards: tuple[int, ...] = ()

    @property
    def names(self) -> tuple[str, ...]:
        """Names of the evaluators, in the order in which they score."""
        return tuple(name for name, _ in self.evaluators)

    def collected(self, lost_shards: list[int], unanswered: bool) -> Plan:
        """The plan after its scores were committed. unanswered : whether a judge failed on some case."""
        scored = PlanState.UNANSWERED if unanswered else PlanState.COMPLETE
        state = PlanState.LOST_SHARDS if lost_shards else scored
        return replace(self, state=state, lost_shards=tuple(lost_shards))

    def as_json(self) -> dict[str, Any]:
        """The plan as JSON can hold it: a few hundred bytes, for the file and between tasks."""
        return {"version": VERSION, **asdict(self), "day": str(self.day)}

    @classmethod
    def from_json(cls, fields: Mapping[str, Any]) -> Self:
        """The inverse of `as_json`. ValueError, KeyError or TypeError for what is none."""
        rest = dict(fields)
        if rest.pop("version") != VERSION:
            raise ValueError("the plan is of another version")
        evaluators = tuple((str(name), str(version)) for name, version in rest.pop("evaluators"))
        day, state = dt.date.fromisoformat(rest.pop("day")), PlanState(rest.pop("state"))
        return cls(day=day, evaluators=evaluators, state=state, lost_shards=tuple(rest.pop("lost_shards")), **rest)


def collected_inputs(plan_id: str, state: PlanState) -> str:
    """What `days` names as the inputs of a day collected from a plan: the plan where all of it is done, else another name.

    So a day that is not done is not taken for one that is, and is collected again when the rest is there.
    """
    return plan_id if state is PlanState.COMPLETE else digest_of("collect", plan_id, state.value)


def write_plan(staging: Staging, plan: Plan) -> None:
    """Put the file where readers look for it, at once or not at all."""
    text = json.dumps(plan.as_json(), indent=1, ensure_ascii=True)
    staging.write_bytes(FILE, text.encode())


def find_plan(staging: Staging) -> Plan | None:
    """The plan in this folder; None where none is, or none that this version can read."""
    content = staging.read_bytes(FILE)
    try:
        return None if content is None else Plan.from_json(json.loads(content))
    except (ValueError, KeyError, TypeError, AttributeError):
        return None


def read_plan(staging: Staging) -> Plan:
    """The plan in this folder. DayNotReady where none is."""
    plan = find_plan(staging)
    if plan is None:
        raise staging.gone()
    return plan
