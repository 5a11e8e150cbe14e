"""What every test may ask for. Tests of Airflow bring their own, in tests/dags."""

from __future__ import annotations

import os
from pathlib import Path

import pytest


@pytest.fixture(scope="session")
def checkout() -> Path:
    """The top folder of the project."""
    return Path(__file__).resolve().parent.parent


@pytest.fixture(scope="session")
def real_data() -> Path:
    """The folder of real logs and people's labels. Skips where there is none: they are no part of the project."""
    named = os.environ.get("OBS_REAL_DATA")
    if not named:
        pytest.skip("needs the real logs: set OBS_REAL_DATA to the folder that holds logs/chat and logs/rag")
    folder = Path(named)
    if not (folder / "logs" / "chat").is_dir():
        pytest.fail(f"OBS_REAL_DATA names {folder}, which has no logs/chat")
    return folder
