"""The pages inside Airflow: the list of days and each day's report, for signed-in users who may read the nightly Dag, and what
those who may run it do about incidents.

Texts of logs reach these pages. They are escaped where they are rendered; the headers here make sure that nothing in a page
could run or call home if one were not.
"""

from __future__ import annotations

import datetime as dt
import os
from functools import partial
from html import escape
from pathlib import Path
from typing import TYPE_CHECKING

from airflow.api_fastapi.auth.managers.models.resource_details import DagAccessEntity
from airflow.api_fastapi.core_api.security import GetUserDep, requires_access_dag
from airflow.configuration import conf
from fastapi import Depends, FastAPI
from fastapi.responses import HTMLResponse, RedirectResponse
from starlette.concurrency import run_in_threadpool
from starlette.requests import Request

import obs_acts
from obs_lib.errors import ConfigError, LakeError

if TYPE_CHECKING:
    from obs_lib.pipeline.workspace import Workspace

NIGHTLY = "obs_nightly"
_DAYS_FROM_ACT = "../../"
HEADERS = {
    "Content-Security-Policy": (
        "default-src 'none'; style-src 'unsafe-inline'; img-src 'self' data:; frame-ancestors 'self'; form-action 'self'; "
        "base-uri 'none'"
    ),
    "X-Content-Type-Options": "nosniff",
    # Not none at all: a form must say where it comes from.
    "Referrer-Policy": "same-origin",
    "Cache-Control": "private, no-cache",
}


def build() -> FastAPI:
    """The application. Every route asks who is there: 401 for strangers, 403 for those who may not read the Dag."""
    allowed = Depends(requires_access_dag("GET", DagAccessEntity.RUN, param_dag_id=NIGHTLY))
    app = FastAPI(title="Night watch", dependencies=[allowed], openapi_url=None, docs_url=None, redoc_url=None)
    app.get("/", response_class=HTMLResponse)(days)
    app.get("/run", response_class=RedirectResponse)(of_run)
    app.get("/{day}", response_class=HTMLResponse)(report)
    may_run = Depends(requires_access_dag("POST", DagAccessEntity.RUN, param_dag_id=NIGHTLY))
    app.post("/act/{day}/{fingerprint}", response_class=RedirectResponse, dependencies=[may_run])(act)
    app.add_exception_handler(LakeError, unreadable)
    app.add_exception_handler(obs_acts.Refused, refused)
    app.add_exception_handler(ConfigError, impossible)
    return app


def days() -> HTMLResponse:
    """The list of days."""
    from obs_lib.pipeline import pages

    return HTMLResponse(pages.index(_workspace()), headers=HEADERS)


def report(day: str, user: GetUserDep) -> HTMLResponse:
    """The report of one day, named YYYY-MM-DD or YYYY-MM-DD.html, as the pages link to each other."""
    from obs_lib.pipeline import pages

    named = _date(day.removesuffix(".html"))
    if named is None:
        return _note(f"“{day[:40]}” is no day. A day is written like 2023-06-15.")
    form = partial(obs_acts.form_for, user, named) if obs_acts.may_act(user, NIGHTLY) else None
    page = pages.shown_page(_workspace(), named, form)
    if page is None:
        return _note(f"There is no report of {named} yet. It follows when the night and then obs_report have run.")
    return HTMLResponse(page, headers=HEADERS)


async def act(day: str, fingerprint: str, request: Request, user: GetUserDep) -> RedirectResponse:
    """Take a form of a day's page, and show the page again where it says what was done."""
    from obs_lib.reporting.anchors import anchor_of

    await obs_acts.act(await run_in_threadpool(_workspace), request, user, fingerprint)
    root = request.scope.get("root_path", "")
    return RedirectResponse(f"{root}/{_date(day) or ''}#{anchor_of(fingerprint)}", status_code=303, headers=HEADERS)


def of_run(request: Request, dag_id: str = "", run_id: str = "") -> RedirectResponse:
    """The report of the day that a run of the nightly Dag stands for; the list of days for any other run."""
    root = request.scope.get("root_path", "")
    day = _day_of_run(run_id) if dag_id == NIGHTLY else None
    return RedirectResponse(f"{root}/{day or ''}", status_code=303, headers=HEADERS)


def unreadable(_: Request, error: Exception) -> HTMLResponse:
    """What a lake says that cannot be read now, such as one that a night of this release has yet to bring over."""
    return _note(str(error), status=503)


def refused(_: Request, error: Exception) -> HTMLResponse:
    """What is said to a request that is nobody's will."""
    return _note(str(error), 403, _DAYS_FROM_ACT)


def impossible(_: Request, error: Exception) -> HTMLResponse:
    """What is said of an act that cannot be one."""
    return _note(str(error), 400, _DAYS_FROM_ACT)


def _day_of_run(run_id: str) -> dt.date | None:
    """The day as `obs_wiring.day_of` takes it, read from the metadata database; None where the run names none."""
    from airflow.models.dagrun import DagRun
    from airflow.utils.session import create_session
    from sqlalchemy import select

    with create_session() as session:
        query = select(DagRun.conf, DagRun.data_interval_start).where(DagRun.dag_id == NIGHTLY, DagRun.run_id == run_id)
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


def _note(text: str, status: int = 404, days: str = "./") -> HTMLResponse:
    """A page that says one thing. days : address of the list of days, from the page that was asked for."""
    head = "<!doctype html><html lang='en'><meta charset='utf-8'><title>Night watch</title>"
    body = f"{head}<p>{escape(text)}</p><p><a href='{days}'>All days</a></p></html>"
    return HTMLResponse(body, status_code=status, headers=HEADERS)


def _workspace() -> Workspace:
    """Opened for each page: cheap, and it follows the settings file."""
    from obs_lib.pipeline.workspace import open_workspace

    default = Path(conf.get("core", "dags_folder")).parent / "obs.yaml"
    return open_workspace(os.environ.get("OBS_CONFIG") or default)
