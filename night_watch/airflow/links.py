"""Links from tasks to reports."""

from __future__ import annotations

from typing import TYPE_CHECKING

from airflow.sdk import BaseOperatorLink

from night_watch.airflow.names import name_of, site_of

if TYPE_CHECKING:
    from airflow.models.taskinstancekey import TaskInstanceKey
    from airflow.sdk import BaseOperator


class ReportLink(BaseOperatorLink):
    """From the task that ends a night to the report of its day."""

    name = "Report of the day"

    def get_link(self, operator: BaseOperator, *, ti_key: TaskInstanceKey) -> str:
        """Called where the task ran, once it has ended: its result names the day."""
        from airflow.sdk.execution_time.xcom import XCom

        done = XCom.get_value(ti_key=ti_key, key="return_value") or {}
        return f"{site_of(name_of(ti_key.dag_id) or '')}/{done.get('day', '')}"
