"""Acting on incidents from the pages inside Airflow: acknowledge, snooze, note, close, accept, false alarm.

What a reader's browser sends is the reader's will only if the reader may run the watch's nightly Dag, the request comes from
one of these pages (Origin, Sec-Fetch-Site), and it carries the token that the page gave out to this reader for this incident of
this watch, once.
"""

from __future__ import annotations

import datetime as dt
import hashlib
import hmac
import time
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from airflow.configuration import conf
from starlette.concurrency import run_in_threadpool
from starlette.requests import Request

from night_watch.airflow import form_tokens

if TYPE_CHECKING:
    from airflow.api_fastapi.auth.managers.models.base_user import BaseUser

    from obs_lib.pipeline.workspace import Workspace
    from obs_lib.records import Day, Incident
    from obs_lib.reporting.handling import ActForm

_MOST_BYTES = 16_384  # of a form; the longest text is 1,000 characters


class Refused(Exception):
    """A request that is nobody's will; the message is for its reader."""


def form_for(name: str, user: BaseUser, day: Day, incident: Incident) -> ActForm:
    """The form by which a user acts on an incident of the watch of this name, from the page of a day."""
    from obs_lib.reporting.handling import ActForm

    token = form_tokens.issue(_key(), user.get_id(), _subject(name, incident.fingerprint), time.time())
    tomorrow = dt.datetime.now(dt.UTC).date() + dt.timedelta(days=1)
    return ActForm(f"act/{day}/{incident.fingerprint}", token, tomorrow.isoformat())


async def act(ws: Workspace, request: Request, user: BaseUser, fingerprint: str) -> None:
    """Store what a form says. Refused for one that does not hold; ConfigError for what cannot be an act."""
    _check_origin(request)
    length = request.headers.get("content-length", "")
    # Digits are counted first: of thousands of them int makes no number.
    if not length.isdecimal() or len(length) > 9 or int(length) > _MOST_BYTES:
        raise Refused("The form is too long.")
    sent = {name: value for name, value in (await request.form()).items() if isinstance(value, str)}
    try:
        form = form_tokens.check(
            _key(), sent.get("token", ""), user.get_id(), _subject(ws.settings.name, fingerprint), time.time()
        )
    except form_tokens.BadToken as error:
        raise Refused(str(error)) from error
    await run_in_threadpool(_record, ws, fingerprint, user, sent, form)


def _subject(name: str, fingerprint: str) -> str:
    """What a token speaks of: the same incident may be in two lakes."""
    return f"{name}/{fingerprint}"


def _record(ws: Workspace, fingerprint: str, user: BaseUser, sent: dict[str, str], form: str) -> None:
    from obs_lib.pipeline.acts import LONGEST_NAME, ActKind, record_act

    kind = sent.get("kind", "")
    if kind not in ActKind.__members__:
        raise Refused("The form names no act.")
    by, text = user.get_name()[:LONGEST_NAME], sent.get("text", "").strip() or None
    given: dict[str, Any] = {"by": by, "text": text, "form": form}
    if kind == ActKind.SNOOZED:
        given["until"] = _day(sent.get("until", ""))
    record_act(ws, fingerprint, ActKind(kind), **given)


def _day(text: str) -> dt.date:
    try:
        return dt.date.fromisoformat(text)
    except ValueError:
        raise Refused("A snooze needs the day on which it ends.") from None


def _check_origin(request: Request) -> None:
    """Refused unless the browser says that one of our own pages sends this. Old browsers send no Sec-Fetch-Site."""
    origin, site = request.headers.get("origin"), request.headers.get("sec-fetch-site", "same-origin")
    own = {f"{request.url.scheme}://{request.url.netloc}", _origin(conf.get("api", "base_url", fallback=""))}
    if site != "same-origin" or not origin or origin not in own:
        raise Refused("The form comes from another site.")


def _origin(url: str) -> str:
    parts = urlsplit(url)
    return f"{parts.scheme}://{parts.netloc}"


def _key() -> bytes:
    """A key of our own, made from the one that all api-servers share."""
    shared = conf.get_mandatory_value("api", "secret_key").encode()
    return hmac.new(shared, b"night watch: acts on incidents", hashlib.sha256).digest()
