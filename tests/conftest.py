"""What holds for every test: an environment in which nothing of this machine's user is left."""

import os
from pathlib import Path

import pytest
from hypothesis import settings

# How long an example takes is the machine's affair, and no test's.
settings.register_profile("unhurried", deadline=None)
settings.load_profile("unhurried")

PREFIXES = ("AWS_", "SLACK_", "SUPPORT_ROLE_", "BOTO_", "MOTO_")
NAMES = (
    "REQUESTS_CA_BUNDLE",
    "SSL_CERT_FILE",
    "SSL_CERT_DIR",
    "NO_COLOR",
    "FORCE_COLOR",
    "COLUMNS",
    "TTY_COMPATIBLE",
)


@pytest.fixture(scope="session")
def empty_home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("home")


@pytest.fixture(autouse=True)
def clean_environment(monkeypatch: pytest.MonkeyPatch, empty_home: Path) -> None:
    """No credentials, proxies or settings, no profiles at home, and no look at the instance's own role."""
    for name in list(os.environ):
        if name.startswith(PREFIXES) or name in NAMES or name.lower().endswith("_proxy"):
            monkeypatch.delenv(name)
    monkeypatch.setenv("HOME", str(empty_home))
    monkeypatch.setenv("AWS_EC2_METADATA_DISABLED", "true")
