"""A table's folder in a bucket, as Arrow's file system. Apart from `lake.py`: this one needs Delta and Arrow to be read."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pyarrow as pa
from deltalake.fs import DeltaStorageHandler
from pyarrow.fs import FileSystem, PyFileSystem


def bucket_files(uri: str, storage: dict[str, str] | None) -> FileSystem:
    """Objects below `uri`, paths relative to it; an object appears when its stream is closed."""
    return PyFileSystem(_Handler(uri, storage))


class _Handler(DeltaStorageHandler):
    def open_output_stream(self, path: str, metadata: Mapping[str, str] | None = None) -> pa.PythonFile:
        return pa.PythonFile(_TakesBuffers(self._handler.open_output_stream(path, dict(metadata or {}))), mode="w")


class _TakesBuffers:
    """Arrow hands buffers to a stream of Python's, and Delta's takes bytes alone."""

    def __init__(self, stream: Any) -> None:
        self._stream = stream

    def write(self, data: Any) -> int:
        written: int = self._stream.write(bytes(data))
        return written

    def __getattr__(self, name: str) -> Any:
        return getattr(self._stream, name)
