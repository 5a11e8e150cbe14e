from __future__ import annotations

import datetime as dt
import json
from dataclasses import asdict
from typing import Any

import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from obs_lib.lake.rows import rows_of
from obs_lib.lake.tables import GPU_SAMPLES
from obs_lib.sources.entries import Entry, RejectedEntry
from obs_lib.sources.formats.base import Format
from obs_lib.sources.formats.dcgm import DcgmFormat
from obs_lib.sources.formats.gpu import GpuFormat
from obs_lib.sources.validate import Limits, check
from tests.unit.gpu.simulated import reading

DAY = dt.date(2023, 6, 15)
NOON = dt.datetime(2023, 6, 15, 12, tzinfo=dt.UTC)
LABELS = 'gpu="{gpu}",UUID="GPU-{gpu}",device="nvidia{gpu}",modelName="NVIDIA H100",Hostname="node1"'


def entries(*lines: str | bytes) -> list[Entry]:
    raw = [line.encode() if isinstance(line, str) else line for line in lines]
    return [Entry("f", n, line) for n, line in enumerate(raw, 1)]


def read(form: Format, *lines: str | bytes) -> tuple[list[dict[str, Any]], list[tuple[int, str]]]:
    """Checked rows and (line, reason) of rejects; each row fits the table."""
    rows, rejects = [], []
    for item in form.read(entries(*lines)):
        if isinstance(item, RejectedEntry):
            rejects.append((item.entry.number, item.reason))
        else:
            assert item.table is GPU_SAMPLES
            assert item.of == item.fields["at"]
            rows.append(check(GPU_SAMPLES, item.fields, Limits()))
            assert set(rows[-1]) == set(GPU_SAMPLES.names)
    rows_of(GPU_SAMPLES, DAY, pd.DataFrame(rows, columns=list(GPU_SAMPLES.names), dtype=object))
    return rows, rejects


def sampled(**given: Any) -> str:
    return json.dumps({"at": "2023-06-15T12:00:00.250+00:00", "host": "node1", **asdict(reading()), **given})


def dcgm(metric: str, value: object, gpu: int = 0, at: object = 1686830400000) -> str:
    return f"DCGM_FI_{metric}{{{LABELS.format(gpu=gpu)}}} {value} {at}".rstrip()


# -- obs gpu-sample


def test_what_the_sampler_writes_is_read_back() -> None:
    (row,), rejects = read(GpuFormat(), sampled())
    assert rejects == []
    assert row["at"] == dt.datetime(2023, 6, 15, 12, 0, 0, 250_000, dt.UTC)
    assert row["throttle"] == '["sw_power_cap"]'
    assert row["processes"] == '[{"memory":1073741824,"pid":4711},{"memory":null,"pid":4712}]'
    expected = asdict(reading()) | {name: row[name] for name in ("at", "throttle", "processes")} | {"host": "node1"}
    assert row == expected


@pytest.mark.parametrize(
    ("line", "reason"),
    [
        (sampled()[:90], "not JSON"),
        ("[1]", "not an object"),
        (b"\xff{}", "not UTF-8"),
        (sampled(at="2023-06-15T12:00:00"), "at: not ISO 8601 with an offset"),
        (sampled(at=None), "at: not ISO 8601 with an offset"),
        (sampled(at=17), "at: not ISO 8601 with an offset"),
        (sampled(gpu=None), "gpu: missing"),
        (sampled(host=""), "host: missing"),
        (sampled(host="\ud800"), "host: not a text of at most 200 characters"),
        (sampled(sm_utilization=1.5), "sm_utilization: not a share measured by gpm or nvml"),
        (sampled(sm_source="guess"), "sm_utilization: not a share measured by gpm or nvml"),
        (sampled(power_w=float("nan")), "non-finite number"),
        (sampled(power_w=-1), "power_w: not a number in its range"),
        (sampled(power_w=True), "power_w: not a number in its range"),
        (sampled(memory_used=10**400), "memory_used: not a number in its range"),
        (sampled(index=0.5), "index: not a whole number"),
        (sampled(throttle="hot"), "throttle: not a list"),
        (sampled(processes=[{}]), "processes: an item without pid"),
        ("[" * 100_000, "not JSON"),
    ],
)
def test_a_line_that_breaks_a_rule_is_rejected_with_it(line: str | bytes, reason: str) -> None:
    rows, rejects = read(GpuFormat(), sampled(), line)
    assert (len(rows), rejects) == (1, [(2, reason)])


def test_days_are_told_without_parsing() -> None:
    form = GpuFormat()
    assert form.days(sampled().encode()) == {DAY}
    around = form.days(sampled(at="2023-06-15T23:30:00-02:00").encode())
    assert around == {DAY + dt.timedelta(n) for n in (-1, 0, 1)}
    assert form.days(b"{") == form.days(sampled(at="2023-13-15T00:00:00Z").encode()) == set()
    assert form.days(sampled(at="0001-01-01T00:00:00+14:00").encode()) == set()


# -- DCGM


def test_a_scrape_metric_by_metric_becomes_a_row_a_gpu() -> None:
    lines = [
        "# HELP DCGM_FI_DEV_SM_CLOCK SM clock frequency (in MHz).",
        "# TYPE DCGM_FI_DEV_SM_CLOCK gauge",
        *(dcgm("DEV_SM_CLOCK", 1980, gpu) for gpu in (0, 1)),
        *(dcgm("DEV_MEM_CLOCK", 2619, gpu) for gpu in (0, 1)),
        *(dcgm("DEV_GPU_UTIL", 87, gpu) for gpu in (0, 1)),
        dcgm("PROF_SM_ACTIVE", 0.625, 1),
        *(dcgm("DEV_FB_USED", 40_000, gpu) for gpu in (0, 1)),
        *(dcgm("DEV_FB_FREE", 41_000, gpu) for gpu in (0, 1)),
        dcgm("DEV_FB_RESERVED", 559, 1),
        dcgm("DEV_POWER_USAGE", 612.345, 1),
        dcgm("DEV_POWER_MGMT_LIMIT", 700, 1),
        dcgm("DEV_GPU_TEMP", 61, 1),
        dcgm("DEV_CLOCK_THROTTLE_REASONS", 0x44, 1),
        dcgm("DEV_ECC_SBE_VOL_TOTAL", 17, 1),
        dcgm("DEV_ECC_DBE_VOL_TOTAL", 2, 1),
        dcgm("DEV_ENC_UTIL", 0, 1),
        'up{job="dcgm"} 1 1686830400000',
        "process_cpu_seconds_total 5",
    ]
    (first, second), rejects = read(DcgmFormat(), *lines)
    assert rejects == []
    assert second == {
        "at": NOON,
        "host": "node1",
        "gpu": "GPU-1",
        "index": 1,
        "name": "NVIDIA H100",
        "sm_utilization": 0.625,
        "sm_source": "dcgm_prof",
        "memory_used": 40_000 * 2**20,
        "memory_total": 81_559 * 2**20,
        "power_w": 612.345,
        "power_limit_w": 700,
        "temperature_c": 61,
        "sm_clock_mhz": 1980,
        "memory_clock_mhz": 2619,
        "throttle": '["sw_power_cap","hw_thermal"]',
        "ecc_corrected": 17,
        "ecc_uncorrected": 2,
        "processes": None,
    }
    assert (first["sm_utilization"], first["sm_source"]) == (0.87, "dcgm")
    assert (first["power_w"], first["throttle"], first["ecc_uncorrected"]) == (None, None, None)


def test_lines_without_a_time_take_that_of_the_scrape_above() -> None:
    line = dcgm("DEV_GPU_UTIL", 50, at="")
    rows, rejects = read(
        DcgmFormat(), line, "# scraped_at 2023-06-15T12:00:00Z", line, "# scraped_at 2023-06-15T14:00:30+02:00", line
    )
    assert rejects == [(1, "no time: neither milliseconds behind the value nor a `# scraped_at` above")]
    assert [row["at"] for row in rows] == [NOON, NOON + dt.timedelta(seconds=30)]
    _, rejects = read(DcgmFormat(), "# scraped_at 2023-06-15T12:00:00Z", "# scraped_at yesterday", line)
    assert [number for number, _ in rejects] == [2, 3]  # an unreadable time is not the one before it


def test_the_time_of_one_file_is_not_that_of_another() -> None:
    first = Entry("a", 1, b"# scraped_at 2023-06-15T12:00:00Z")
    (item,) = DcgmFormat().read([first, Entry("b", 1, dcgm("DEV_GPU_UTIL", 50, at="").encode())])
    assert isinstance(item, RejectedEntry)


@pytest.mark.parametrize("blank", ["NaN", "9223372036854775794", "140737488355328", "2147483632", "+Inf"])
def test_blank_values_are_null(blank: str) -> None:
    (row,), rejects = read(DcgmFormat(), dcgm("DEV_GPU_UTIL", blank), dcgm("DEV_FB_USED", blank))
    assert rejects == []
    assert (row["sm_utilization"], row["sm_source"], row["memory_used"]) == (None, None, None)


def test_mig_instances_are_rows_of_their_own() -> None:
    lines = [
        dcgm("PROF_SM_ACTIVE", share).replace('Hostname="node1"', f'Hostname="node1",GPU_I_ID="{name}"')
        for name, share in ((7, 0.1), (8, 0.9))
    ]
    rows, _ = read(DcgmFormat(), *lines)
    assert [(row["gpu"], row["sm_utilization"]) for row in rows] == [("GPU-0/7", 0.1), ("GPU-0/8", 0.9)]


@pytest.mark.parametrize(
    ("line", "reason"),
    [
        ("DCGM_FI_DEV_GPU_UTIL{", "not Prometheus text"),
        ("DCGM_FI_DEV_GPU_UTIL 87 1686830400000", "not Prometheus text"),
        (dcgm("DEV_GPU_UTIL", "8_7"), "not Prometheus text"),
        (dcgm("DEV_GPU_UTIL", 87, at="1686830400000 7"), "not Prometheus text"),
        (dcgm("DEV_GPU_UTIL", 87, at="9" * 30), "the time behind the value is not in milliseconds"),
        (dcgm("DEV_GPU_UTIL", "much"), "not Prometheus text"),
        (dcgm("DEV_GPU_UTIL", 101), "DCGM_FI_DEV_GPU_UTIL: out of range"),
        (dcgm("PROF_SM_ACTIVE", 1.01), "DCGM_FI_PROF_SM_ACTIVE: out of range"),
        (dcgm("DEV_FB_USED", -1), "DCGM_FI_DEV_FB_USED: negative"),
        (dcgm("DEV_ECC_DBE_VOL_TOTAL", 0.5), "DCGM_FI_DEV_ECC_DBE_VOL_TOTAL: not a whole number"),
        (dcgm("DEV_GPU_UTIL", 50, at=1686830400), "the time behind the value is not in milliseconds"),
        ('DCGM_FI_DEV_GPU_UTIL{gpu="0"} 1 1686830400000', "no UUID and Hostname among its labels"),
        (b"\xff", "not UTF-8"),
    ],
)
def test_a_dcgm_line_that_cannot_be_read_is_rejected(line: str | bytes, reason: str) -> None:
    rows, rejects = read(DcgmFormat(), dcgm("DEV_GPU_UTIL", 87), line)
    assert (len(rows), rejects) == (1, [(2, reason)])


def test_dcgm_days_are_those_of_times_in_the_line() -> None:
    form = DcgmFormat()
    assert form.days(dcgm("DEV_GPU_UTIL", 1).encode()) == {DAY}
    for line in (dcgm("DEV_GPU_UTIL", 1, at=""), "# scraped_at 2023-06-15T12:00:00Z", "", "# 1686830400000"):
        assert form.days(line.encode()) == set()


@given(st.permutations([dcgm("DEV_GPU_UTIL", 10 * n, n % 3, 1686830400000 + 30_000 * (n // 3)) for n in range(9)]))
def test_the_order_of_lines_does_not_matter(lines: list[str]) -> None:
    rows, _ = read(DcgmFormat(), *lines)
    samples = sorted((row["at"], row["gpu"], row["sm_utilization"]) for row in rows)
    assert [share for _, _, share in samples] == pytest.approx([n / 10 for n in range(9)])


# -- both


def test_both_fulfil_the_protocol() -> None:
    forms: list[Format] = [GpuFormat(), DcgmFormat()]
    assert all(list(form.read([])) == [] for form in forms)
