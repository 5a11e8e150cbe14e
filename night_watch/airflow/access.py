"""Who may see and run which watch: by the rights to its nightly Dag."""

from __future__ import annotations

from typing import Annotated

from airflow.api_fastapi.app import get_auth_manager
from airflow.api_fastapi.auth.managers.models.resource_details import DagAccessEntity, DagDetails
from airflow.api_fastapi.core_api.security import GetUserDep
from airflow.models.dag import DagModel
from fastapi import Depends, HTTPException

from night_watch.airflow.names import nightly_of
from night_watch.airflow.watch import names_and_files


class NoWatch(Exception):
    """There is no watch of the name that was asked for; the message is for its reader."""


def may(user: object, method: str, name: str) -> bool:
    """Whether a user may read ("GET") or run ("POST") the nightly Dag of a watch."""
    dag_id = nightly_of(name)
    dag = DagDetails(id=dag_id, team_name=DagModel.get_team_name(dag_id))
    entity = DagAccessEntity.RUN
    return bool(get_auth_manager().is_authorized_dag(method=method, access_entity=entity, details=dag, user=user))


def readable(name: str, user: GetUserDep) -> str:
    """The name of a watch that the user may read. NoWatch for one that is not there."""
    if name not in names_and_files():
        raise NoWatch(f"There is no watch “{name[:40]}” here.")
    if not may(user, "GET", name):
        raise HTTPException(403, "Forbidden")
    return name


def runnable(name: Annotated[str, Depends(readable)], user: GetUserDep) -> str:
    """The same of one that the user may also run."""
    if not may(user, "POST", name):
        raise HTTPException(403, "Forbidden")
    return name


Readable = Annotated[str, Depends(readable)]
Runnable = Annotated[str, Depends(runnable)]
