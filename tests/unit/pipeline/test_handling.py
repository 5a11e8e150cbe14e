"""What was sent of incidents and what people did stands in the page that is served, and in no file."""

from __future__ import annotations

import re
from dataclasses import replace
from typing import Any

import pandas as pd
import pytest

from obs_lib.errors import ConfigError
from obs_lib.lake.tables import REPORTS
from obs_lib.pipeline import pages
from obs_lib.pipeline.acts import ActKind, acts_of, record_act
from obs_lib.pipeline.deliver import Ways
from obs_lib.pipeline.notify import notify
from obs_lib.pipeline.render import page_path
from obs_lib.pipeline.workspace import Workspace
from obs_lib.reporting.handling import ActForm
from obs_lib.reporting.inputs import ReportInputs
from obs_lib.reporting.report import make
from tests.unit.pipeline.test_acts import DAY, INCIDENT, NOW, store
from tests.unit.reporting import sample_inputs as samples

OTHER = replace(INCIDENT, fingerprint="12345678" + "0" * 24, title="Format breaks", notify=False)
FORM = ActForm("act/here", 'a"token', "2024-03-03")


def rendered(ws: Workspace) -> Workspace:
    """The lake with a page of the day that lists both incidents."""
    store(ws, INCIDENT, OTHER)
    inputs = ReportInputs(DAY, samples.metrics().iloc[:0], samples.drift(samples.metrics()).iloc[:0], [INCIDENT, OTHER])
    page_path(ws, DAY).parent.mkdir(parents=True, exist_ok=True)
    page_path(ws, DAY).write_bytes(make(inputs).html.encode())
    return ws


def page(ws: Workspace, form: Any = None) -> str:
    return (pages.shown_page(ws, DAY, form) or b"").decode()


def part(text: str, short: str) -> str:
    """What the page says in one incident's slot."""
    return text.partition(f'id="incident-{short}-handling"')[2].partition("</div>")[0]


def test_a_page_says_what_was_sent_to_whom_and_what_people_did(make_workspace: Any, endpoint: Any) -> None:
    ws = rendered(make_workspace())
    assert page(ws) == page_path(ws, DAY).read_text()
    notify(ws, Ways([f"json://127.0.0.1:{endpoint[0]}/"]), now=NOW)
    record_act(ws, "abcdef01", ActKind.NOTE, by="Ada", text="<script>alert(1)</script> write to ada@example.org")
    before = page_path(ws, DAY).read_bytes()
    said = part(page(ws), "abcdef01")
    assert "SENT" in said
    assert "note by Ada: &lt;script&gt;" in said
    assert "ada@example.org" not in said
    assert part(page(ws), "12345678") == ">"
    assert page_path(ws, DAY).read_bytes() == before


def test_only_a_page_with_a_form_may_send_one(make_workspace: Any) -> None:
    ws = rendered(make_workspace())
    assert "<form" not in page(ws)
    assert "form-action &#39;none&#39;" in page(ws)
    shown = page(ws, lambda incident: replace(FORM, action=f"act/{incident.fingerprint}"))
    assert shown.count("<form") == 2
    assert f'action="act/{INCIDENT.fingerprint}"' in shown
    assert 'value="a&#34;token"' in shown
    assert "form-action &#39;none&#39;" not in shown
    assert "form-action &#39;self&#39;" in shown
    assert 'content="same-origin"' in shown
    assert {kind for kind in ActKind if f'value="{kind}"' in shown} == set(ActKind)


def test_a_form_that_was_sent_is_not_taken_again(make_workspace: Any) -> None:
    ws = store(make_workspace(), INCIDENT)
    record_act(ws, "abcdef01", ActKind.NOTE, by="Ada", text="seen", form="f1")
    with pytest.raises(ConfigError, match="sent already"):
        record_act(ws, "abcdef01", ActKind.NOTE, by="Ada", text="seen", form="f1")
    record_act(ws, "abcdef01", ActKind.NOTE, by="Ada", text="seen", form="f2")
    record_act(ws, "abcdef01", ActKind.NOTE, by="Ada", text="seen")
    assert [act.form for act in acts_of(ws, [INCIDENT.fingerprint], DAY)[INCIDENT.fingerprint]] == ["f1", "f2", None]


def test_the_report_on_a_terminal_ends_with_what_became_of_its_incidents(make_workspace: Any) -> None:
    ws = rendered(make_workspace())
    row = {"format": "html", "path": "x", "digest": "x", "size": 1, "provenance": "{}"}
    ws.lake.commit(DAY, "render", {REPORTS: pd.DataFrame([row])}, inputs="x")
    assert "closed by Ada" not in pages.text(ws, DAY)
    record_act(ws, "abcdef01", ActKind.CLOSED, by="Ada")
    assert re.search(r"  - abcdef01  .* UTC closed by Ada\n$", pages.text(ws, DAY))
