"""How busy a GPU's multiprocessors are, from the chip's own counters (GPM)."""

from __future__ import annotations

import math
from typing import Any


class Activity:
    """Share of the SMs that were busy between two looks, from the chip's own counters (GPM, Hopper and later)."""

    def __init__(self, nvml: Any, handle: Any) -> None:
        self._nvml, self._handle = nvml, handle
        self._before, self._now = nvml.nvmlGpmSampleAlloc(), nvml.nvmlGpmSampleAlloc()
        nvml.nvmlGpmSampleGet(handle, self._before)

    def read(self) -> float | None:
        """The share since the last call; None where the counters say nothing of that time."""
        nvml = self._nvml
        nvml.nvmlGpmSampleGet(self._handle, self._now)
        asked = nvml.c_nvmlGpmMetricsGet_t()
        asked.version, asked.numMetrics = nvml.NVML_GPM_METRICS_GET_VERSION, 1
        asked.sample1, asked.sample2 = self._before, self._now
        asked.metrics[0].metricId = nvml.NVML_GPM_METRIC_SM_UTIL
        self._before, self._now = self._now, self._before
        nvml.nvmlGpmMetricsGet(asked)
        metric = asked.metrics[0]
        if metric.nvmlReturn != nvml.NVML_SUCCESS or not math.isfinite(metric.value):
            return None
        return min(max(float(metric.value) / 100, 0.0), 1.0)

    def close(self) -> None:
        self._nvml.nvmlGpmSampleFree(self._before)
        self._nvml.nvmlGpmSampleFree(self._now)


def open_activity(nvml: Any, handle: Any) -> Activity | None:
    """GPM of a GPU; None where the chip, the driver or MIG mode does not offer it."""
    try:
        if nvml.nvmlGpmQueryDeviceSupport(handle).isSupportedDevice:
            return Activity(nvml, handle)
    except nvml.NVMLError:
        pass
    return None
