"""A driver as the module `pynvml` sees it: the C functions of libnvidia-ml, so that the module's own code runs too."""

from __future__ import annotations

import ctypes
from collections.abc import Callable
from typing import Any

import pynvml

Code = int
OK = pynvml.NVML_SUCCESS
NUMBERS = {
    "nvmlDeviceGetPowerUsage": 612_345,  # mW
    "nvmlDeviceGetEnforcedPowerLimit": 700_000,
    "nvmlDeviceGetPowerManagementLimit": 650_000,
    "nvmlDeviceGetTemperature": 61,
    "nvmlDeviceGetCurrentClocksEventReasons": 0x44,
    "nvmlDeviceGetCurrentClocksThrottleReasons": 0x44,
}


class Driver:
    """`missing` functions are not in this library, `codes` are what functions return instead of working, and every
    function of a device in `gone` returns that code.
    """

    def __init__(self, gpus: int = 1, gpm: bool = True) -> None:
        self.gpus, self.gpm = gpus, gpm
        self.missing: set[str] = set()
        self.codes: dict[str, Code] = {}
        self.gone: dict[int, Code] = {}
        self.processes = [(4711, 2**30), (4712, 2**64 - 1)]  # the last is NVML's "not available"
        self.busy = [0.0] * gpus  # seconds that the SMs were at work
        self.seconds = 0.0
        self.users = 0
        self._samples: dict[int, tuple[float, float]] = {}
        self._freed = 0

    def work(self, seconds: float, share: float) -> None:
        """Let time pass with this share of the SMs at work."""
        self.seconds += seconds
        self.busy = [busy + seconds * share for busy in self.busy]

    def __getattr__(self, name: str) -> Callable[..., Code]:
        if not name.startswith("nvml") or name in self.missing:
            raise AttributeError(name)
        work: Callable[..., Code] = getattr(self, f"_{name}") if name not in NUMBERS else self._number(name)

        def call(*arguments: Any) -> Code:
            if arguments and isinstance(arguments[0], pynvml.c_nvmlDevice_t) and self._index(arguments[0]) in self.gone:
                return self.gone[self._index(arguments[0])]
            return self.codes.get(name, OK) or work(*arguments)

        return call

    @property
    def leaked(self) -> int:
        return len(self._samples) - self._freed

    def _nvmlInitWithFlags(self, flags: int) -> Code:
        self.users += 1
        return OK

    def _nvmlShutdown(self) -> Code:
        self.users -= 1
        return OK

    def _nvmlDeviceGetCount_v2(self, count: Any) -> Code:
        count._obj.value = self.gpus
        return OK

    def _nvmlDeviceGetHandleByIndex_v2(self, index: Any, device: Any) -> Code:
        _point(device, index.value + 1)
        return OK

    def _nvmlDeviceGetUUID(self, device: Any, text: Any, size: Any) -> Code:
        text.value = b"GPU-%04d" % self._index(device)
        return OK

    def _nvmlDeviceGetName(self, device: Any, text: Any, size: Any) -> Code:
        text.value = b"NVIDIA H100 80GB HBM3"
        return OK

    def _nvmlDeviceGetMemoryInfo(self, device: Any, memory: Any) -> Code:
        memory._obj.total, memory._obj.used = 80 * 2**30, 40 * 2**30
        return OK

    def _nvmlDeviceGetUtilizationRates(self, device: Any, rates: Any) -> Code:
        rates._obj.gpu = 97
        return OK

    def _nvmlDeviceGetClockInfo(self, device: Any, kind: Any, clock: Any) -> Code:
        clock._obj.value = {pynvml.NVML_CLOCK_SM: 1980, pynvml.NVML_CLOCK_MEM: 2619}[kind.value]
        return OK

    def _nvmlDeviceGetTemperatureV(self, device: Any, asked: Any) -> Code:
        asked._obj.temperature = 62
        return OK

    def _nvmlDeviceGetTotalEccErrors(self, device: Any, kind: Any, counter: Any, count: Any) -> Code:
        assert counter.value == pynvml.NVML_VOLATILE_ECC
        count._obj.value = {0: 17, 1: 2}[kind.value]
        return OK

    def _nvmlDeviceGetComputeRunningProcesses_v3(self, device: Any, count: Any, infos: Any) -> Code:
        if infos is None and self.processes:
            count._obj.value = len(self.processes)
            return pynvml.NVML_ERROR_INSUFFICIENT_SIZE
        count._obj.value = len(self.processes)
        for place, (pid, memory) in zip(infos or (), self.processes, strict=False):
            place.pid, place.usedGpuMemory = pid, memory
        return OK

    def _nvmlDeviceGetGraphicsRunningProcesses_v3(self, device: Any, count: Any, infos: Any) -> Code:
        count._obj.value = 0
        return OK

    def _nvmlGpmQueryDeviceSupport(self, device: Any, support: Any) -> Code:
        assert support._obj.version == pynvml.NVML_GPM_SUPPORT_VERSION
        support._obj.isSupportedDevice = self.gpm
        return OK

    def _nvmlGpmSampleAlloc(self, sample: Any) -> Code:
        name = len(self._samples) + 1
        self._samples[name] = (0.0, 0.0)
        _point(sample, name)
        return OK

    def _nvmlGpmSampleFree(self, sample: Any) -> Code:
        self._freed += 1
        return OK

    def _nvmlGpmSampleGet(self, device: Any, sample: Any) -> Code:
        self._samples[_name(sample)] = (self.seconds, self.busy[self._index(device)])
        return OK

    def _nvmlGpmMetricsGet(self, asked: Any) -> Code:
        request = asked._obj
        assert (request.version, request.numMetrics) == (pynvml.NVML_GPM_METRICS_GET_VERSION, 1)
        assert request.metrics[0].metricId == pynvml.NVML_GPM_METRIC_SM_UTIL
        (began, before), (ended, after) = (self._samples[_name(one)] for one in (request.sample1, request.sample2))
        passed = ended - began
        request.metrics[0].value = 100 * (after - before) / passed if passed > 0 else float("nan")
        return OK

    def _nvmlErrorString(self, code: int) -> bytes:
        return b"an error of code %d" % code

    def _number(self, name: str) -> Callable[..., Code]:
        def work(*arguments: Any) -> Code:
            arguments[-1]._obj.value = NUMBERS[name]
            return OK

        return work

    @staticmethod
    def _index(device: Any) -> int:
        return _name(device) - 1


def _point(place: Any, value: int) -> None:
    ctypes.memmove(place, ctypes.byref(ctypes.c_void_p(value)), ctypes.sizeof(ctypes.c_void_p))


def _name(pointer: Any) -> int:
    return ctypes.cast(pointer, ctypes.c_void_p).value or 0
