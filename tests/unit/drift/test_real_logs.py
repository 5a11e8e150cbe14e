"""Token divergence on answers of real models whose versions change on known days."""

from __future__ import annotations

import datetime as dt
import gzip
import json
import re
from collections import Counter, defaultdict
from collections.abc import Callable
from pathlib import Path

import pytest

from obs_lib.drift.baseline import DaySummary, window
from obs_lib.drift.decision import decide
from obs_lib.drift.measure import measure
from obs_lib.drift.options import DriftOptions

TOKEN = re.compile(r"\w+|[^\w\s]")
LARGE, SMALL = "route=assistant-large", "route=assistant-small"


def read(folder: Path, route: str, summary: Callable[..., DaySummary]) -> dict[dt.date, DaySummary]:
    tokens: dict[int, Counter[str]] = defaultdict(Counter)
    answers: Counter[int] = Counter()
    for file in sorted(folder.glob("*.jsonl.gz")):
        day = int(file.name[8:10])
        with gzip.open(file, "rt", encoding="utf-8") as lines:
            for line in lines:
                row = json.loads(line)
                if f"route={row['tags']['route']}" == route:
                    tokens[day].update(TOKEN.findall(row["response"].lower()))
                    answers[day] += 1
    found = (
        summary(day, {"requests": (float(answers[day]), None, answers[day])}, tokens[day], segment=route)
        for day in tokens
    )
    return {one.day: one for one in found}


@pytest.mark.real
@pytest.mark.parametrize(("route", "change"), [(LARGE, 15), (SMALL, 18)])
def test_the_new_version_is_flagged_on_its_day_and_no_quiet_day_before(
    real_data: Path, summary: Callable[..., DaySummary], route: str, change: int
) -> None:
    days = read(real_data / "logs" / "chat", route, summary)
    assert len(days) == 20
    options = DriftOptions()
    drifted = []
    for number, (day, today) in enumerate(sorted(days.items()), start=1):
        baseline = [days[one] for one in window(day, days, options.window_days)]
        judged = decide(measure(today, baseline, options), options)
        if any(one.verdict == "DRIFTED" and one.distance.name == "token_kl" for one in judged):
            drifted.append(number)
    assert drifted[0] == change
