import re
import subprocess
import sys
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import yaml

from bot.serve.http_mode import EVENTS_PATH

Call = Callable[..., Any]
ROOT = Path(__file__).parents[2]
SOURCE = "\n".join(path.read_text("utf-8") for path in sorted((ROOT / "bot" / "slack").rglob("*.py")))

SCOPES = {
    "chat_postMessage": "chat:write",
    "chat_postEphemeral": "chat:write",
    "chat_update": "chat:write",
    "conversations_open": "im:write",
    "users_info": "users:read",
    "usergroups_users_list": "usergroups:read",
    "conversations_info": "channels:read",
    "files_upload_v2": "files:write",
}
"""Web API methods and the bot scope that each needs (docs.slack.dev, method reference)."""
NO_SCOPE = {
    "auth_test",
    "chat_getPermalink",
    "views_open",
    "views_update",
    "views_publish",
    "views_push",
    "api_call",
    "apps_connections_open",
}


@pytest.fixture
def manifest(call: Call) -> dict[str, Any]:
    loaded: dict[str, Any] = yaml.safe_load(call("manifest").out)
    return loaded


def test_the_command_prints_the_file_as_it_is(call: Call) -> None:
    assert call("manifest").out == (ROOT / "manifest.yml").read_text("utf-8")


def test_the_manifest_has_the_shape_that_slack_knows(manifest: dict[str, Any]) -> None:
    assert set(manifest) == {"_metadata", "display_information", "features", "oauth_config", "settings"}
    assert set(manifest["features"]) == {"app_home", "bot_user", "slash_commands"}
    assert set(manifest["settings"]) == {
        "event_subscriptions",
        "interactivity",
        "org_deploy_enabled",
        "socket_mode_enabled",
        "token_rotation_enabled",
    }
    about = manifest["display_information"]
    assert len(about["name"]) <= 35
    assert len(about["description"]) <= 140
    assert 174 < len(about["long_description"]) <= 4000
    assert re.fullmatch(r"#[0-9a-f]{6}", about["background_color"])


def test_the_app_is_of_one_workspace_on_socket_mode_with_a_home_tab(manifest: dict[str, Any]) -> None:
    settings = manifest["settings"]

    assert settings["socket_mode_enabled"] is True
    assert settings["org_deploy_enabled"] is False
    assert settings["token_rotation_enabled"] is False
    assert settings["interactivity"] == {"is_enabled": True}
    assert settings["event_subscriptions"] == {"bot_events": ["app_home_opened"]}
    assert manifest["features"]["app_home"]["home_tab_enabled"] is True


def test_there_is_one_slash_command_with_a_hint(manifest: dict[str, Any]) -> None:
    (command,) = manifest["features"]["slash_commands"]

    assert command["command"] == "/support-role"
    assert 0 < len(command["usage_hint"]) <= 1000
    assert 0 < len(command["description"]) <= 2000
    assert "url" not in command


def test_every_scope_that_the_code_needs_is_asked_for(manifest: dict[str, Any]) -> None:
    scopes = manifest["oauth_config"]["scopes"]
    asked = {*scopes["bot"], *scopes["bot_optional"]}

    needed = {scope for method, scope in SCOPES.items() if re.search(rf"\b{method}\b", SOURCE)}

    assert needed <= asked


def test_no_scope_is_asked_for_beyond_those_the_design_names(manifest: dict[str, Any]) -> None:
    scopes = manifest["oauth_config"]["scopes"]

    assert set(scopes["bot"]) == {
        "commands",
        "chat:write",
        "im:write",
        "users:read",
        "usergroups:read",
        "channels:read",
        "groups:read",
    }
    assert set(scopes["bot_optional"]) == {"files:write", "chat:write.public"}


def test_every_web_api_method_in_the_code_is_known_here() -> None:
    used = set(
        re.findall(
            r"\.((?:chat|users|usergroups|conversations|files|views|auth|reactions|pins)_[a-z_0-9A-Z]+)\(",
            SOURCE,
        )
    )

    assert used <= SCOPES.keys() | NO_SCOPE


def test_over_http_every_kind_of_request_has_its_url_and_socket_mode_is_off(call: Call) -> None:
    manifest = yaml.safe_load(call("manifest", "--http", "https://bot.example.com/").out)

    url = "https://bot.example.com/slack/events"
    assert manifest["settings"]["socket_mode_enabled"] is False
    assert manifest["settings"]["event_subscriptions"]["request_url"] == url
    assert manifest["settings"]["interactivity"]["request_url"] == url
    assert [each["url"] for each in manifest["features"]["slash_commands"]] == [url]


@pytest.mark.parametrize(
    ("given", "before"),
    [
        ("https://bot.example.com", "https://bot.example.com"),
        ("https://bot.example.com/slack/events", "https://bot.example.com"),
        ("https://bot.example.com:8443/behind/a/proxy/", "https://bot.example.com:8443/behind/a/proxy"),
    ],
)
def test_slack_sends_to_the_path_at_which_the_bot_listens(call: Call, given: str, before: str) -> None:
    manifest = yaml.safe_load(call("manifest", "--http", given).out)

    assert manifest["settings"]["interactivity"]["request_url"] == before + EVENTS_PATH


@pytest.mark.parametrize(
    "url", ["bot.example.com", "http://bot.example.com", "https://a b", "https://x\ny: z", ""]
)
def test_slack_only_sends_to_https(call: Call, url: str) -> None:
    ended = call("manifest", "--http", url)

    assert ended.code == 2
    assert ended.out == ""


def test_an_installed_wheel_has_the_manifest_too(tmp_path: Path) -> None:
    command = [sys.executable, "-m", "hatchling", "build", "-t", "wheel", "-d", str(tmp_path)]
    subprocess.run(command, cwd=ROOT, check=True, capture_output=True)

    (wheel,) = tmp_path.glob("*.whl")
    with zipfile.ZipFile(wheel) as archive:
        assert archive.read("bot/manifest.yml") == (ROOT / "manifest.yml").read_bytes()
