"""Topics that came and went: what people ask about today that they did not, and the other way round."""

from __future__ import annotations

from collections.abc import Iterator

from obs_lib.records import ALL, OTHER_TOPIC, TOPIC_SEGMENT
from obs_lib.reporting import numbers
from obs_lib.reporting.blocks import Note
from obs_lib.reporting.inputs import ReportInputs
from obs_lib.reporting.safe import segment_title
from obs_lib.reporting.tone import Tone

_DAYS = 7  # before today
_EXPECTED = 10  # requests, of a topic that is missed or of one that is more than before

Shares = dict[str, float]


def topic_notes(inputs: ReportInputs) -> Iterator[Note]:
    """A line for each topic that is gone, for each that is new, and one where more than ever is like no known topic.

    Gone is what was there on each of the last seven days that are sliced by topic and should have ten requests today; new what
    was on none of them and has ten. Nothing on a day or after days that are not sliced by topic.
    """
    days = [day.isoformat() for day in inputs.days(_DAYS + 1)]
    of_day = {day: shares for day in days if (shares := _shares(inputs, day))}
    today = of_day.pop(inputs.iso, None)
    requests = inputs.value("requests", ALL)
    if today is None or not of_day or requests is None:
        return
    before = list(of_day.values())
    for topic in sorted({topic for shares in before for topic in shares} - {OTHER_TOPIC}):
        usual = sum(shares.get(topic, 0.0) for shares in before) / len(before)
        if topic not in today and all(topic in shares for shares in before) and usual * requests >= _EXPECTED:
            share = numbers.write(usual, "share")
            had = f"{segment_title(topic)} had {share} of the requests before; today it has none"
            yield Note(f"{had}, too few for a segment, or was fitted anew.", Tone.NOTICE, "Vanished topic")
    for topic, part in sorted(today.items()):
        if topic != OTHER_TOPIC and not any(topic in shares for shares in before) and part * requests >= _EXPECTED:
            has = f"{segment_title(topic)} has {numbers.write(part, 'share')} of the requests"
            yield Note(f"{has}, and was no segment before: it is new, or was fitted since.", Tone.NOTICE, "New topic")
    other, most = today.get(OTHER_TOPIC, 0.0), max(shares.get(OTHER_TOPIC, 0.0) for shares in before)
    if (other - most) * requests >= _EXPECTED:
        yield Note(
            f"{numbers.write(other, 'share')} of the requests are like no known topic; before it was at most "
            f"{numbers.write(most, 'share')} a day. `obs topics fit` takes what is alike among them in as topics.",
            Tone.NOTICE,
            "New topics",
        )


def _shares(inputs: ReportInputs, day: str) -> Shares:
    """Of a day's requests, the part in each topic; empty where the day is not sliced by topic."""
    of_topic = {
        segment: n
        for (other, metric, segment), row in inputs.measured.items()
        if (other, metric) == (day, "requests") and segment.startswith(TOPIC_SEGMENT)
        if (n := numbers.number(row["value"]))
    }
    whole = inputs.measured.get((day, "requests", ALL))
    total = numbers.number(whole["value"]) if whole is not None else None
    return {segment: n / total for segment, n in of_topic.items()} if total else {}
