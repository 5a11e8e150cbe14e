"""What Delta, Arrow and the system say when something fails, as errors of ours: one line, without their stacks and colours."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import TypeVar

import pyarrow as pa
from deltalake.exceptions import CommitFailedError, DeltaError, TableNotFoundError

from obs_lib.errors import LakeError, LakeFull

_T = TypeVar("_T")
_NO_ROOM = ("No space left", "os error 28", "File too large", "os error 27", "Disk quota", "os error 122")
_DAMAGE = re.compile(r"thrift|parquet|snappy|zstd|corrupt|page header|magic|unexpected end", re.IGNORECASE)
_NO_REPLY = re.compile(
    r"error sending request|connection|reset|timed? ?out|timeout|broken pipe|incomplete message|"
    r"server error|\b(?:429|5\d\d) [A-Z]|slow ?down|dns error|error decoding response body",
    re.IGNORECASE,
)
_STACK = re.compile(r"\n\s*(?:\d+: |stack backtrace|at /).*", re.DOTALL)
_ESCAPE = re.compile(r"\x1b\[[0-9;?]*[ -/]*[@-~]|[\x00-\x08\x0b-\x1f\x7f-\x9f]")
_FILE = re.compile(
    r"Could not open Parquet input source '[^']*': |(?<=Failed to open local file) '[^']*'"
)  # `where` says it
_LONGEST = 300


def explained(act: Callable[[], _T], where: str) -> _T:
    """Call `act`; what it raises of Delta, Arrow or the system comes as LakeError, unless another try may help at once."""
    try:
        return act()
    except (CommitFailedError, TableNotFoundError):
        raise
    except BaseException as error:
        if is_fault(error):
            raise explanation(error, where) from error
        raise


def explanation(error: BaseException, where: str) -> LakeError:
    """The error of ours, to be raised. LakeFull where there was no room."""
    if any(sign in str(error) for sign in _NO_ROOM):
        return LakeFull("there is no room left to write", where=where, fix="free some space and run the step again")
    return LakeError(f"the table cannot be read or written: {said(error)}", where=where)


def said(error: BaseException) -> str:
    """What an error says, on one line."""
    text = _FILE.sub("", _ESCAPE.sub("", _STACK.sub("", str(error))))
    return " ".join(text.split())[:_LONGEST] or type(error).__name__


def is_fault(error: BaseException) -> bool:
    """Whether Delta, Arrow or the system failed, be it by a panic of native code, whose class stands in no module."""
    return isinstance(error, DeltaError | OSError | pa.ArrowException) or type(error).__name__ == "PanicException"


def is_damage(error: BaseException) -> bool:
    """Whether a file is not there, or holds something else than it should. A store that does not answer says neither."""
    if isinstance(error, FileNotFoundError | pa.ArrowInvalid) or not isinstance(error, Exception):
        return True
    return isinstance(error, OSError) and error.errno is None and bool(_DAMAGE.search(str(error)))


def is_no_reply(error: BaseException) -> bool:
    """Whether a store may have done what it was asked, although it did not say so."""
    return isinstance(error, DeltaError | OSError) and bool(_NO_REPLY.search(str(error)))
