from __future__ import annotations

from pathlib import Path

import pytest

from obs_lib.models.options import ModelOptions
from obs_lib.models.processor import advice, computes_bfloat16

X86 = "processor\t: 0\nmodel name\t: Some CPU\nflags\t\t: fpu avx2 {flag} sse\n\nprocessor\t: 1\n"
ARM = "processor\t: 0\nFeatures\t: fp asimd {flag}\n"


@pytest.mark.parametrize(
    ("text", "found"),
    [
        (X86.format(flag="avx512_bf16"), True),
        (X86.format(flag="amx_bf16"), True),
        (X86.format(flag="avx512_vnni"), False),
        (ARM.format(flag="bf16"), True),
        (ARM.format(flag="crc32"), False),
        ("vendor_id : x\n", None),
    ],
)
def test_the_system_says_what_the_processor_computes(tmp_path: Path, text: str, found: bool | None) -> None:
    (tmp_path / "cpuinfo").write_text(text)
    assert computes_bfloat16(tmp_path / "cpuinfo") is found


def test_where_the_system_says_nothing_nothing_is_advised(tmp_path: Path) -> None:
    assert computes_bfloat16(tmp_path / "none") is None
    assert advice(ModelOptions(), None) is None


def test_advice_is_given_only_where_another_precision_is_faster() -> None:
    half = ModelOptions(dtype="bfloat16")
    assert "dtype: bfloat16" in (advice(ModelOptions(), True) or "")
    assert "float32" in (advice(half, False) or "")
    assert advice(ModelOptions(), False) is None
    assert advice(half, True) is None
    assert advice(ModelOptions(device="cuda"), True) is None
