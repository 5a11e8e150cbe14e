"""Calls to NVML, of which any may fail: what a GPU cannot say is None; only one that is gone is an error."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any


class Lost(Exception):
    """A GPU, or the driver under it, no longer answers."""


class NvmlCalls:
    """Calls NVML for one field after another: None for what this GPU cannot say, Lost where the GPU itself is gone.

    UNKNOWN is what a driver says of one odd sensor as well as of everything after a crash, so it is None by itself; a
    GPU that answers nothing at all is lost (see `NvmlGpus.read`).
    """

    def __init__(self, nvml: Any) -> None:
        self._nvml = nvml
        self._gone = {
            nvml.NVML_ERROR_UNINITIALIZED,
            nvml.NVML_ERROR_DRIVER_NOT_LOADED,
            nvml.NVML_ERROR_GPU_IS_LOST,
            nvml.NVML_ERROR_RESET_REQUIRED,
            nvml.NVML_ERROR_LIB_RM_VERSION_MISMATCH,
        }
        self.answered = False
        self.error: Exception | None = None

    def __call__(self, call: Callable[..., Any], *arguments: Any) -> Any:
        try:
            answer = call(*arguments)
        except self._nvml.NVMLError as error:
            self.error = error
            if error.value in self._gone:
                raise Lost(str(error)) from error
            return None
        self.answered = self.answered or answer is not None
        return answer

    def first(self, name: str, older: str, *arguments: Any) -> Any:
        """What the first of two functions says that the module has and the driver knows."""
        for call in (getattr(self._nvml, known, None) for known in (name, older)):
            answer = None if call is None else self(call, *arguments)
            if answer is not None:
                return answer
        return None
