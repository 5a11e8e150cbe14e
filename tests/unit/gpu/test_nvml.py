"""What is asked of NVML and made of its answers, through the real `pynvml` over a library that is none."""

from __future__ import annotations

from collections.abc import Callable

import pynvml
import pytest

from obs_lib.errors import NoGpu
from obs_lib.gpu.nvml import NvmlGpus
from obs_lib.gpu.reading import Reading
from tests.unit.gpu.driver import Driver

Load = Callable[[Driver], NvmlGpus]
LOST = pynvml.NVML_ERROR_GPU_IS_LOST


@pytest.fixture
def load(monkeypatch: pytest.MonkeyPatch) -> Load:
    def opened(driver: Driver) -> NvmlGpus:
        monkeypatch.setattr(pynvml, "nvmlLib", driver)
        monkeypatch.setattr(pynvml, "_nvmlGetFunctionPointer_cache", {})
        return NvmlGpus()

    return opened


def only(gpus: NvmlGpus) -> Reading:
    (reading,), lost = gpus.read()
    assert lost == []
    return reading


def test_everything_that_a_gpu_says_in_the_units_of_the_table(load: Load) -> None:
    driver = Driver()
    gpus = load(driver)
    driver.work(5, 0.625)
    assert only(gpus) == Reading(
        gpu="GPU-0000",
        index=0,
        name="NVIDIA H100 80GB HBM3",
        sm_utilization=0.625,
        sm_source="gpm",
        memory_used=40 * 2**30,
        memory_total=80 * 2**30,
        power_w=612.345,
        power_limit_w=700.0,
        temperature_c=62.0,
        sm_clock_mhz=1980.0,
        memory_clock_mhz=2619.0,
        throttle=["sw_power_cap", "hw_thermal"],
        ecc_corrected=17,
        ecc_uncorrected=2,
        processes=[{"pid": 4711, "memory": 2**30}, {"pid": 4712, "memory": None}],
    )
    gpus.close()
    assert (driver.users, driver.leaked) == (0, 0)


def test_activity_is_that_since_the_last_look(load: Load) -> None:
    driver = Driver()
    gpus = load(driver)
    shares = []
    for share in (0.2, 1.0, 0.0):
        driver.work(5, share)
        shares.append(only(gpus).sm_utilization)
    assert shares == pytest.approx([0.2, 1.0, 0.0])


@pytest.mark.parametrize(
    ("gpm", "codes"),
    [
        (False, {}),
        (True, {"nvmlGpmQueryDeviceSupport": pynvml.NVML_ERROR_NOT_SUPPORTED}),
        (True, {"nvmlGpmMetricsGet": pynvml.NVML_ERROR_NOT_SUPPORTED}),
    ],
)
def test_where_the_chip_has_no_counters_the_drivers_busy_time_stands_in(
    load: Load, gpm: bool, codes: dict[str, int]
) -> None:
    driver = Driver(gpm=gpm)
    driver.codes = codes
    reading = only(load(driver))
    assert (reading.sm_utilization, reading.sm_source) == (0.97, "nvml")


def test_a_look_too_soon_for_the_counters_is_no_number(load: Load) -> None:
    assert only(load(Driver())).sm_source == "nvml"  # not NaN


@pytest.mark.parametrize("code", [pynvml.NVML_ERROR_NOT_SUPPORTED, pynvml.NVML_ERROR_NO_PERMISSION, 999])
@pytest.mark.parametrize(
    ("function", "fields"),
    [
        ("nvmlDeviceGetName", ["name"]),
        ("nvmlDeviceGetMemoryInfo", ["memory_used", "memory_total"]),
        ("nvmlDeviceGetPowerUsage", ["power_w"]),
        ("nvmlDeviceGetClockInfo", ["sm_clock_mhz", "memory_clock_mhz"]),
        ("nvmlDeviceGetTotalEccErrors", ["ecc_corrected", "ecc_uncorrected"]),
    ],
)
def test_what_a_gpu_cannot_say_is_none_and_the_rest_is_there(
    load: Load, function: str, fields: list[str], code: int
) -> None:
    whole = only(load(Driver(gpm=False)))
    driver = Driver(gpm=False)
    driver.codes = {function: code}
    reading = only(load(driver))
    names = Reading.__slots__  # type: ignore[attr-defined]
    assert [name for name in names if getattr(reading, name) is None] == fields
    assert [name for name in names if getattr(reading, name) != getattr(whole, name)] == fields


def test_neither_source_of_utilization_is_none_and_not_zero(load: Load) -> None:
    driver = Driver(gpm=False)
    driver.codes = {"nvmlDeviceGetUtilizationRates": pynvml.NVML_ERROR_NOT_SUPPORTED}  # MIG
    reading = only(load(driver))
    assert (reading.sm_utilization, reading.sm_source) == (None, None)


def test_older_drivers_and_limits_are_asked_by_their_names(load: Load) -> None:
    driver = Driver()
    driver.missing = {"nvmlDeviceGetCurrentClocksEventReasons", "nvmlDeviceGetTemperatureV"}
    driver.codes = {"nvmlDeviceGetEnforcedPowerLimit": pynvml.NVML_ERROR_NOT_SUPPORTED}
    reading = only(load(driver))
    assert (reading.throttle, reading.temperature_c, reading.power_limit_w) == (["sw_power_cap", "hw_thermal"], 61, 650)


def test_processes_that_may_not_be_seen_are_unknown_and_none_is_an_empty_list(load: Load) -> None:
    driver = Driver()
    driver.processes = []
    assert only(load(driver)).processes == []
    driver.codes = {f"nvmlDeviceGet{kind}RunningProcesses_v3": 4 for kind in ("Compute", "Graphics")}
    assert only(load(driver)).processes is None


def test_a_gpu_that_falls_off_the_bus_leaves_the_others(load: Load) -> None:
    driver = Driver(gpus=3)
    gpus = load(driver)
    driver.gone = {1: LOST}
    readings, lost = gpus.read()
    assert [one.index for one in readings] == [0, 2]
    assert lost == ["GPU 1: GPU is lost"]
    again = load(driver)  # it is lost when the driver is opened too
    readings, lost = again.read()
    assert [one.index for one in readings] == [0, 2]
    assert lost == ["GPU 1: GPU is lost"]


@pytest.mark.parametrize("code", [pynvml.NVML_ERROR_UNINITIALIZED, pynvml.NVML_ERROR_UNKNOWN])
def test_a_driver_that_answers_nothing_is_lost_and_may_be_closed(load: Load, code: int) -> None:
    driver = Driver(gpus=2)
    gpus = load(driver)
    driver.gone = {0: code, 1: code}
    readings, lost = gpus.read()
    assert readings == []
    assert len(lost) == 2
    driver.codes = {"nvmlGpmSampleFree": code}
    gpus.close()
    assert driver.users == 0  # shut down all the same, or it could not be opened afresh


@pytest.mark.parametrize(
    ("prepare", "says"),
    [
        ({"codes": {"nvmlInitWithFlags": pynvml.NVML_ERROR_DRIVER_NOT_LOADED}}, "Driver Not Loaded"),
        ({"gpus": 0}, "the driver knows of none"),
        ({"gone": {0: LOST}}, "GPU 0: GPU is lost"),
        ({"codes": {"nvmlDeviceGetCount_v2": 999}}, "Unknown Error"),
    ],
)
def test_no_gpu_says_why(load: Load, prepare: dict[str, object], says: str) -> None:
    driver = Driver()
    vars(driver).update(prepare)
    with pytest.raises(NoGpu, match=f"no GPU answers here: {says}"):
        load(driver)
    assert driver.users == 0
