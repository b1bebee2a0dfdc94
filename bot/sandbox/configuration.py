"""The bot's settings and environment for the sandbox: what a real installation would have, on loopback."""

import json
import os
from collections.abc import Iterator, Mapping
from datetime import time
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

from bot.sandbox.landing_zone import ACCESS_KEY, EXTERNAL_ID, REMEDIATION_ROLE, SCAN_ROLE, SECRET_KEY
from bot.sandbox.slack.workspace import (
    APPROVALS,
    CLOUD_APPROVERS,
    CLOUD_AUDIT,
    CLOUD_SECURITY,
    PRIYA,
    Workspace,
)
from bot.sandbox.world import World
from bot.wiring.clock import SANDBOX_CLOCK

CONFIG_FILE = "support-role.toml"
STORE_FILE = "support-role.db"
CLOCK_FILE = "clock"
"""Beside the database, where alone the bot believes it."""
DIGEST_AT = time(9)
DIGEST_ZONE = ZoneInfo("UTC")
KEPT = ("HOME", "LANG", "LC_ALL", "LC_CTYPE", "PATH", "PYTHONPATH", "TMPDIR", "TZ", "VIRTUAL_ENV")
"""All that a child sees of the environment outside: no proxies, no AWS_*, no SLACK_*, no tokens."""


def settings_toml(world: World, workspace: Workspace, folder: Path) -> str:
    """The text of support-role.toml."""
    tables = _tables(world, workspace, folder)
    blocks = [f"[{name}]\n" + _pairs(values) for name, values in tables]
    owners = [f"[[aws.accounts]]\n{_pairs({'id': s.id, 'owner': s.owner})}" for s in world.stories if s.owner]
    return "\n\n".join([*blocks, *owners]) + "\n"


def _tables(world: World, workspace: Workspace, folder: Path) -> Iterator[tuple[str, dict[str, Any]]]:
    yield (
        "aws",
        {"scan_role": SCAN_ROLE, "remediation_role": REMEDIATION_ROLE, "external_id": EXTERNAL_ID},
    )
    yield "aws.organization", {"enabled": True}
    yield (
        "remediation",
        {
            "mode": "apply",
            "approver_groups": [CLOUD_APPROVERS],
            "approval_channel": APPROVALS,
            "audit_channel": CLOUD_AUDIT,
            "protected_accounts": [world.management.id],
        },
    )
    yield "slack", {"team_ids": [workspace.team_id], "admins": [PRIYA]}
    yield "digest", {"channel": CLOUD_SECURITY, "at": f"{DIGEST_AT:%H:%M}", "timezone": DIGEST_ZONE.key}
    yield "store", {"url": store_url(folder)}


def _pairs(values: Mapping[str, Any]) -> str:
    # JSON's strings, booleans and lists of strings are TOML's as well.
    return "\n".join(f"{name} = {json.dumps(value)}" for name, value in values.items())


def store_file(folder: Path) -> Path:
    return folder / STORE_FILE


def store_url(folder: Path) -> str:
    return f"sqlite:///{store_file(folder)}"


def clock_file(folder: Path) -> Path:
    return folder / CLOCK_FILE


def clock_environment(folder: Path) -> dict[str, str]:
    """What lets the sandbox's clock be the bot's."""
    return {SANDBOX_CLOCK: str(clock_file(folder))}


def clean_environment(outside: Mapping[str, str] | None = None) -> dict[str, str]:
    """What children of the sandbox see of the environment outside."""
    known = os.environ if outside is None else outside
    return {name: known[name] for name in KEPT if name in known}


def aws_environment(aws_url: str) -> dict[str, str]:
    """What points the AWS libraries at the sandbox's AWS, and keeps them from looking anywhere else."""
    return {
        "AWS_ENDPOINT_URL": aws_url,
        "AWS_ACCESS_KEY_ID": ACCESS_KEY,
        "AWS_SECRET_ACCESS_KEY": SECRET_KEY,
        "AWS_DEFAULT_REGION": "us-east-1",
        "AWS_EC2_METADATA_DISABLED": "true",
        "AWS_CONFIG_FILE": os.devnull,
        "AWS_SHARED_CREDENTIALS_FILE": os.devnull,
    }


def slack_environment(api_url: str, workspace: Workspace) -> dict[str, str]:
    bot = workspace.bot
    return {
        "SLACK_API_URL": api_url,
        "SLACK_BOT_TOKEN": bot.token,
        "SLACK_APP_TOKEN": bot.app_token,
        "SLACK_SIGNING_SECRET": bot.signing_secret,
    }
