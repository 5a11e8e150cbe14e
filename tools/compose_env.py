"""Write .env for docker-compose.yml: a fresh random secret for every service, once.

An .env that exists is never touched: the databases were created with its passwords, and Airflow's connections were
encrypted with its key. The file is readable by its owner alone.
"""

from __future__ import annotations

import argparse
import base64
import os
import secrets
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent


def values() -> dict[str, str]:
    """Every variable that docker-compose.yml reads, each secret drawn anew.

    Passwords stand inside connection URLs and on command lines, where a leading `-` would be an option: so they are
    hexadecimal.
    """
    return {
        "POSTGRES_PASSWORD": secrets.token_hex(32),
        "REDIS_PASSWORD": secrets.token_hex(32),
        # Fernet wants exactly 32 random bytes in URL-safe base64.
        "AIRFLOW_FERNET_KEY": base64.urlsafe_b64encode(secrets.token_bytes(32)).decode(),
        "AIRFLOW_API_SECRET": secrets.token_hex(32),
        # The signature is HMAC-SHA-512: 64 bytes or more.
        "AIRFLOW_JWT_SECRET": secrets.token_hex(64),
        "AIRFLOW_ADMIN_USER": "admin",
        "AIRFLOW_ADMIN_PASSWORD": secrets.token_hex(12),
        # Where the user interface listens on this machine; 0.0.0.0:8080 opens it to the network.
        "AIRFLOW_BIND": "127.0.0.1:8080",
        # The address at which people's browsers reach it: messages and links name it.
        "AIRFLOW_BASE_URL": "http://localhost:8080",
        # The folder of day's logs to watch.
        "OBS_LOGS_FOLDER": "./logs",
        # The folder of models that settings/obs.yaml names, laid out like a Hugging Face cache; may be empty.
        "OBS_MODELS_FOLDER": "./models",
        # Apprise URLs that take pages, separated by spaces; empty for none.
        "OBS_NOTIFY_URLS": "",
    }


def write(path: Path) -> bool:
    """Create `path` and the folders of logs and models beside it. False where the file is there, which then stays as it is."""
    try:
        handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    except FileExistsError:
        return False
    with os.fdopen(handle, "w", encoding="utf-8") as file:
        file.writelines(f"{name}={value}\n" for name, value in values().items())
    # Docker would create a missing folder as root.
    for folder in ("logs", "models"):
        path.parent.joinpath(folder).mkdir(exist_ok=True)
    return True


def main() -> None:
    parser = argparse.ArgumentParser(
        description="Write .env for docker-compose.yml with fresh secrets, unless it is there."
    )
    parser.add_argument("--file", type=Path, default=ROOT / ".env", help="the file to write (default: %(default)s)")
    path: Path = parser.parse_args().file
    print(f"wrote {path}" if write(path) else f"{path} is already there; left as it is")


if __name__ == "__main__":
    main()
