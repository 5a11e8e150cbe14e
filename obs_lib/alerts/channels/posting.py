"""One POST to a receiver, and what its answer means."""

from __future__ import annotations

from collections.abc import Mapping

from obs_lib.errors import NoReply
from obs_lib.http import HttpClient
from obs_lib.records import Outcome

_TAKEN = range(200, 300)
_GATEWAYS = frozenset((502, 504))  # they do not know what became of it


def post(address: str, path: str, body: bytes, headers: Mapping[str, str], timeout_s: float) -> Outcome:
    """Post bytes once and say what became of them. ConfigError where `address` is none; see `HttpClient`."""
    kind = {"Content-Type": "application/json"}
    with HttpClient(address, {**kind, **headers}, timeout_s=timeout_s, whole_s=timeout_s) as client:
        try:
            reply = client.exchange("POST", path, body=body)
        except NoReply as error:
            return Outcome("UNKNOWN" if error.sent else "FAILED", error.what)
    if reply.status in _TAKEN:
        return Outcome("SENT")
    return Outcome("UNKNOWN" if reply.status in _GATEWAYS else "FAILED", f"the receiver answered {reply.status}")
