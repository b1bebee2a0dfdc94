"""An app manifest decides which commands, scopes and events there are."""

import json
import sys
from pathlib import Path

import pytest

from bot.sandbox.slack import Command, ManifestError, bot_from_manifest

MANIFEST = {
    "display_information": {"name": "Support Role", "description": "Checks", "background_color": "#123456"},
    "features": {
        "bot_user": {"display_name": "support-role"},
        "slash_commands": [{"command": "/support-role", "description": "Checks", "usage_hint": "status"}],
    },
    "oauth_config": {"scopes": {"bot": ["commands", "chat:write"], "bot_optional": ["files:write"]}},
    "settings": {"event_subscriptions": {"bot_events": ["app_home_opened"]}},
}


def test_a_json_manifest_describes_the_app(tmp_path: Path):
    path = tmp_path / "manifest.json"
    path.write_text(json.dumps(MANIFEST))
    bot = bot_from_manifest(path)
    assert (bot.name, bot.display_name, bot.color) == ("support-role", "Support Role", "#123456")
    assert bot.commands == (Command("/support-role", "Checks", "status"),)
    assert bot.scopes == ("commands", "chat:write", "files:write")
    assert bot.events == ("app_home_opened",)


def test_a_yaml_manifest_says_the_same(tmp_path: Path):
    as_json, as_yaml = tmp_path / "manifest.json", tmp_path / "manifest.yml"
    # JSON is YAML too.
    for path in (as_json, as_yaml):
        path.write_text(json.dumps(MANIFEST))
    assert bot_from_manifest(as_yaml) == bot_from_manifest(as_json)


@pytest.mark.parametrize(
    ("name", "text"), [("m.json", "{"), ("m.yml", "a: ["), ("m.json", "[]"), ("m.yml", "")]
)
def test_a_manifest_that_cannot_be_read_is_named(tmp_path: Path, name: str, text: str):
    path = tmp_path / name
    path.write_text(text)
    with pytest.raises(ManifestError, match=name):
        bot_from_manifest(path)


def test_a_manifest_that_is_missing_is_named(tmp_path: Path):
    with pytest.raises(ManifestError, match="No such file"):
        bot_from_manifest(tmp_path / "none.yml")


def test_without_pyyaml_the_answer_is_to_give_json(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    path = tmp_path / "manifest.yml"
    path.write_text("{}")
    monkeypatch.setitem(sys.modules, "yaml", None)
    with pytest.raises(ManifestError, match=r"give a \.json manifest"):
        bot_from_manifest(path)
