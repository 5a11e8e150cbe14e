"""The pages inside Airflow: the watches, each one's list of days and each day's report, for signed-in users who may read its
nightly Dag, and what those who may run it do about incidents.

Which watches there are is for this process's environment to say, never for a Dag: settings can name code of their own. Texts of
logs reach these pages. They are escaped where they are rendered; the headers here make sure that nothing in a page could run or
call home if one were not.
"""

from __future__ import annotations

import datetime as dt
from functools import partial
from html import escape

from airflow.api_fastapi.core_api.security import GetUserDep, get_user
from fastapi import Depends, FastAPI, HTTPException
from fastapi.responses import HTMLResponse, RedirectResponse
from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import Response

from night_watch.airflow import acts
from night_watch.airflow.access import NoWatch, Readable, Runnable, may
from night_watch.airflow.card import card, card_script
from night_watch.airflow.names import name_of
from night_watch.airflow.served import HEADERS, opened, workspace_of
from night_watch.airflow.watch import names_and_files
from obs_lib.errors import ConfigError, LakeError
from obs_lib.settings.settings import DEFAULT_NAME

_DAYS_FROM_ACT = "../../"


def build() -> FastAPI:
    """The application. Every route asks who is there: 401 for strangers, 403 for those who may not read the watch's Dag."""
    app = FastAPI(
        title="Night watch",
        dependencies=[Depends(get_user)],
        openapi_url=None,
        docs_url=None,
        redoc_url=None,
        redirect_slashes=False,  # it would lead to whatever host the request names, and fail for queries that are no UTF-8
    )
    app.get("/", response_class=HTMLResponse)(watches)
    app.get("/card", response_class=HTMLResponse)(card)
    app.get("/card.js")(card_script)
    app.get("/run", response_class=RedirectResponse)(of_run)
    app.get("/{day}", response_class=RedirectResponse)(before_names)
    app.get("/{name}/", response_class=HTMLResponse)(days)
    app.get("/{name}/{day}", response_class=HTMLResponse)(report)
    app.post("/{name}/act/{day}/{fingerprint}", response_class=RedirectResponse)(act)
    app.add_exception_handler(NoWatch, absent)
    app.add_exception_handler(LakeError, unreadable)
    app.add_exception_handler(acts.Refused, refused)
    app.add_exception_handler(ConfigError, impossible)
    return app


def watches(request: Request, user: GetUserDep) -> Response:
    """The watches that the user may read; where there is one, its list of days."""
    known = names_and_files()
    seen = [name for name in known if may(user, "GET", name)]
    if not seen and known:
        raise HTTPException(403, "Forbidden")
    if len(seen) == 1:
        return _to(request, f"{seen[0]}/")
    from obs_lib.reporting.html import render_watches

    return HTMLResponse(render_watches(seen), headers=HEADERS)


def days(name: Readable) -> HTMLResponse:
    """The list of days."""
    from obs_lib.pipeline import pages

    with workspace_of(name) as ws:
        return HTMLResponse(pages.index(ws), headers=HEADERS)


def report(name: Readable, day: str, user: GetUserDep) -> HTMLResponse:
    """The report of one day, named YYYY-MM-DD or YYYY-MM-DD.html, as the pages link to each other."""
    from obs_lib.pipeline import pages

    named = _date(day.removesuffix(".html"))
    if named is None:
        return _note(f"“{day[:40]}” is no day. A day is written like 2023-06-15.")
    form = partial(acts.form_for, name, user, named) if may(user, "POST", name) else None
    with workspace_of(name) as ws:
        page = pages.shown_page(ws, named, form)
    if page is None:
        return _note(f"There is no report of {named} yet. It follows when the night and then {name}_report have run.")
    return HTMLResponse(page, headers=HEADERS)


async def act(name: Runnable, day: str, fingerprint: str, request: Request, user: GetUserDep) -> RedirectResponse:
    """Take a form of a day's page, and show the page again where it says what was done."""
    from obs_lib.reporting.anchors import anchor_of

    await acts.act(await run_in_threadpool(opened, name), request, user, fingerprint)
    return _to(request, f"{name}/{_date(day) or ''}#{anchor_of(fingerprint)}")


def of_run(request: Request, user: GetUserDep, dag_id: str = "", run_id: str = "") -> RedirectResponse:
    """The report of the day that a run of a nightly Dag stands for; the list of watches for any other run."""
    name = name_of(dag_id)
    if name not in names_and_files():
        return _to(request, "")
    day = _day_of_run(dag_id, run_id) if may(user, "GET", name) else None
    return _to(request, f"{name}/{day or ''}")


def before_names(request: Request, day: str) -> RedirectResponse:
    """Where a day's report has moved to that was linked to when there was one watch; a watch without its slash otherwise."""
    named = _date(day.removesuffix(".html"))
    if named is None and day not in names_and_files():
        raise NoWatch(f"“{day[:40]}” is neither a watch nor a day.")
    return _to(request, f"{DEFAULT_NAME}/{named}" if named else f"{day}/")


def absent(request: Request, error: Exception) -> HTMLResponse:
    """What is said of a watch that is not there."""
    return _note(str(error), days=f"{request.scope.get('root_path', '')}/")


def unreadable(_: Request, error: Exception) -> HTMLResponse:
    """What a lake says that cannot be read now, such as one that a night of this release has yet to bring over."""
    return _note(str(error), status=503)


def refused(_: Request, error: Exception) -> HTMLResponse:
    """What is said to a request that is nobody's will."""
    return _note(str(error), 403, _DAYS_FROM_ACT)


def impossible(_: Request, error: Exception) -> HTMLResponse:
    """What is said of an act that cannot be one."""
    return _note(str(error), 400, _DAYS_FROM_ACT)


def _day_of_run(dag_id: str, run_id: str) -> dt.date | None:
    """The day as `tasks.day_of` takes it, read from the metadata database; None where the run names none."""
    from airflow.models.dagrun import DagRun
    from airflow.utils.session import create_session
    from sqlalchemy import select

    with create_session() as session:
        query = select(DagRun.conf, DagRun.data_interval_start).where(DagRun.dag_id == dag_id, DagRun.run_id == run_id)
        run = session.execute(query).first()
    if run is None:
        return None
    asked = (run.conf or {}).get("day")
    if asked:
        return _date(str(asked))
    return run.data_interval_start.astimezone(dt.UTC).date() if run.data_interval_start else None


def _date(text: str) -> dt.date | None:
    """The date that `text` writes as YYYY-MM-DD, and only so: what names a file must have one spelling."""
    try:
        day = dt.date.fromisoformat(text)
    except ValueError:
        return None
    return day if day.isoformat() == text else None


def _to(request: Request, path: str) -> RedirectResponse:
    """To another page of this application."""
    return RedirectResponse(f"{request.scope.get('root_path', '')}/{path}", status_code=303, headers=HEADERS)


def _note(text: str, status: int = 404, days: str = "./") -> HTMLResponse:
    """A page that says one thing. days : address of the list of days, from the page that was asked for."""
    body = f"<p>{escape(text)}</p><p><a href='{days}'>All days</a></p>"
    return HTMLResponse(_page(body), status_code=status, headers=HEADERS)


def _page(body: str) -> str:
    head = "<meta charset='utf-8'><meta name='color-scheme' content='light dark'><title>Night watch</title>"
    return f"<!doctype html><html lang='en'>{head}{body}</html>"
