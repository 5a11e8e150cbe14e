"""GPUs through NVML, the driver's own library (`pynvml` is the module of the package nvidia-ml-py)."""

from __future__ import annotations

import contextlib
from typing import Any

from obs_lib.errors import NoGpu
from obs_lib.gpu.activity import open_activity
from obs_lib.gpu.nvml_calls import Lost, NvmlCalls
from obs_lib.gpu.reading import Reading
from obs_lib.records import clock_reasons


class NvmlGpus:
    """Every GPU that NVML sees; fulfils `Gpus`.

    nvml : the module `pynvml`; None imports it.
    """

    def __init__(self, nvml: Any = None) -> None:
        if nvml is None:
            import pynvml

            nvml = pynvml
        self._nvml = nvml
        self._gpus: list[_Gpu] = []
        self._absent: list[str] = []  # that were lost when the driver was opened
        try:
            nvml.nvmlInit()
        except nvml.NVMLError as error:
            raise NoGpu(f"no GPU answers here: {error}") from error
        try:
            for index in range(nvml.nvmlDeviceGetCount()):
                self._open(index)
        except nvml.NVMLError as error:
            self.close()
            raise NoGpu(f"no GPU answers here: {error}") from error
        if not self._gpus:
            self.close()
            raise NoGpu("no GPU answers here: " + (self._absent[0] if self._absent else "the driver knows of none"))

    def _open(self, index: int) -> None:
        try:
            self._gpus.append(_Gpu(self._nvml, index))
        except self._nvml.NVMLError as error:
            self._absent.append(f"GPU {index}: {error}")

    def read(self) -> tuple[list[Reading], list[str]]:
        """Read each GPU; one that is lost does not keep the others from being read."""
        readings, lost = [], list(self._absent)
        for gpu in self._gpus:
            try:
                readings.append(gpu.read())
            except Lost as error:
                lost.append(f"GPU {gpu.index}: {error}")
        return readings, lost

    def close(self) -> None:
        """Let the driver go."""
        for gpu in self._gpus:
            with contextlib.suppress(self._nvml.NVMLError):
                gpu.close()
        with contextlib.suppress(self._nvml.NVMLError):
            self._nvml.nvmlShutdown()


class _Gpu:
    """One GPU. Which fields a GPU has differs by chip, driver and rights, so each is asked for by itself."""

    def __init__(self, nvml: Any, index: int) -> None:
        self._nvml, self.index = nvml, index
        self._handle = nvml.nvmlDeviceGetHandleByIndex(index)
        self._uuid = nvml.nvmlDeviceGetUUID(self._handle)
        self._name = NvmlCalls(nvml)(nvml.nvmlDeviceGetName, self._handle)
        self._activity = open_activity(nvml, self._handle)

    def read(self) -> Reading:
        """Everything that it says of itself; Lost when that is nothing."""
        nvml, handle, ask = self._nvml, self._handle, NvmlCalls(self._nvml)
        memory = ask(nvml.nvmlDeviceGetMemoryInfo, handle)
        limit = ask(nvml.nvmlDeviceGetEnforcedPowerLimit, handle)
        if limit is None:
            limit = ask(nvml.nvmlDeviceGetPowerManagementLimit, handle)
        # The driver renamed these two; older drivers know the second name only, newer modules may know the first only.
        mask = ask.first("nvmlDeviceGetCurrentClocksEventReasons", "nvmlDeviceGetCurrentClocksThrottleReasons", handle)
        heat = ask.first("nvmlDeviceGetTemperatureV", "nvmlDeviceGetTemperature", handle, nvml.NVML_TEMPERATURE_GPU)
        utilization, source = self._utilization(ask)
        reading = Reading(
            gpu=self._uuid,
            index=self.index,
            name=self._name,
            sm_utilization=utilization,
            sm_source=source,
            memory_used=memory and memory.used,
            memory_total=memory and memory.total,
            power_w=_scaled(ask(nvml.nvmlDeviceGetPowerUsage, handle), 1000),
            power_limit_w=_scaled(limit, 1000),
            temperature_c=_scaled(heat),
            sm_clock_mhz=_scaled(ask(nvml.nvmlDeviceGetClockInfo, handle, nvml.NVML_CLOCK_SM)),
            memory_clock_mhz=_scaled(ask(nvml.nvmlDeviceGetClockInfo, handle, nvml.NVML_CLOCK_MEM)),
            throttle=None if mask is None else clock_reasons(mask),
            ecc_corrected=self._ecc(ask, nvml.NVML_MEMORY_ERROR_TYPE_CORRECTED),
            ecc_uncorrected=self._ecc(ask, nvml.NVML_MEMORY_ERROR_TYPE_UNCORRECTED),
            processes=self._processes(ask),
        )
        if not ask.answered:
            raise Lost(str(ask.error))
        return reading

    def close(self) -> None:
        """Free what GPM holds."""
        if self._activity is not None:
            self._activity.close()

    def _utilization(self, ask: NvmlCalls) -> tuple[float | None, str | None]:
        if self._activity is not None:
            activity = ask(self._activity.read)
            if activity is not None:
                return activity, "gpm"
        rates = ask(self._nvml.nvmlDeviceGetUtilizationRates, self._handle)
        return (None, None) if rates is None else (rates.gpu / 100, "nvml")

    def _ecc(self, ask: NvmlCalls, kind: int) -> int | None:
        errors: int | None = ask(
            self._nvml.nvmlDeviceGetTotalEccErrors, self._handle, kind, self._nvml.NVML_VOLATILE_ECC
        )
        return errors

    def _processes(self, ask: NvmlCalls) -> list[dict[str, Any]] | None:
        """Processes that compute or draw, each once; None where neither list can be had."""
        lists = [
            ask(self._nvml.nvmlDeviceGetComputeRunningProcesses, self._handle),
            ask(self._nvml.nvmlDeviceGetGraphicsRunningProcesses, self._handle),
        ]
        known = [processes for processes in lists if processes is not None]
        memory = {process.pid: process.usedGpuMemory for processes in known for process in processes}
        return [{"pid": pid, "memory": memory[pid]} for pid in sorted(memory)] if known else None


def _scaled(value: float | None, parts: int = 1) -> float | None:
    return None if value is None else value / parts
