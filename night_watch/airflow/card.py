"""The card on the dashboard of Airflow's UI: the newest verdict of each watch that its reader may read.

The UI takes code of its own for its dashboard, not a page. So the code does one thing: it puts a page into a frame that may run
none, and makes the frame as high as the page.
"""

from __future__ import annotations

import logging
from importlib.resources import files
from typing import TYPE_CHECKING

from airflow.api_fastapi.core_api.security import GetUserDep
from fastapi.responses import HTMLResponse
from starlette.requests import Request
from starlette.responses import Response

from night_watch.airflow.access import may
from night_watch.airflow.names import APP, site_of
from night_watch.airflow.served import HEADERS, workspace_of
from night_watch.airflow.watch import names_and_files
from obs_lib.errors import ObsError

if TYPE_CHECKING:
    from obs_lib.reporting.card import LastNight


_LOG = logging.getLogger(__name__)


def card(request: Request, user: GetUserDep) -> HTMLResponse:
    """The page in the card's frame; empty for a reader who may read no watch."""
    from obs_lib.reporting.card import render_card

    above = str(request.scope.get("root_path", "")).removesuffix(APP)
    nights = [_last_night(name, above + site_of(name)) for name in names_and_files() if may(user, "GET", name)]
    return HTMLResponse(render_card(nights), headers=HEADERS)


def card_script() -> Response:
    """The code that shows the card."""
    code = files("night_watch.airflow").joinpath("card.js").read_bytes()
    return Response(code, media_type="text/javascript", headers=HEADERS)


def _last_night(name: str, address: str) -> LastNight:
    """A watch that cannot be read says so in its own line and leaves the others theirs."""
    from obs_lib.pipeline.pages import last_night
    from obs_lib.reporting.card import LastNight

    try:
        with workspace_of(name) as ws:
            return last_night(ws, address)
    except ObsError as error:
        return LastNight(name, address, None, (str(error),))
    except Exception:  # noqa: BLE001 - whatever a store throws that is out of reach: the other watches have their cards
        _LOG.exception("watch %s cannot be read", name)
        return LastNight(name, address, None, ("It cannot be read now: the api-server's log says why.",))
