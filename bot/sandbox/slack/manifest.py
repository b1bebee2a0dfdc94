"""Reads an app manifest, so that this Slack grants and knows exactly what the real one would."""

import json
from dataclasses import replace
from importlib import import_module
from pathlib import Path

from bot.sandbox.slack.workspace import Bot, Command, Json


class ManifestError(Exception):
    """The manifest cannot be read; the text says why and what to do."""


def bot_from_manifest(path: Path, bot: Bot | None = None) -> Bot:
    """The app that a manifest describes: names, commands, scopes and events. YAML needs PyYAML."""
    manifest = _read(path)
    shown = manifest.get("display_information") or {}
    features = manifest.get("features") or {}
    settings = manifest.get("settings") or {}
    bot = bot or Bot()
    display_name = (features.get("bot_user") or {}).get("display_name") or bot.name
    return replace(
        bot,
        name=display_name,
        display_name=shown.get("name") or display_name,
        description=shown.get("description") or bot.description,
        color=shown.get("background_color") or bot.color,
        scopes=_scopes(manifest),
        commands=tuple(_command(entry) for entry in features.get("slash_commands") or ()),
        events=tuple((settings.get("event_subscriptions") or {}).get("bot_events") or ()),
    )


def _read(path: Path) -> Json:
    try:
        text = path.read_text(encoding="utf-8")
    except OSError as error:
        raise ManifestError(f"Cannot read the manifest {path}: {error.strerror}.") from error
    manifest = _parse(text, path)
    if not isinstance(manifest, dict):
        raise ManifestError(f"The manifest {path} is not an object at its top.")
    return manifest


def _parse(text: str, path: Path) -> object:
    if path.suffix == ".json":
        try:
            return json.loads(text)
        except ValueError as error:
            raise ManifestError(f"The manifest {path} is not JSON: {error}.") from error
    try:
        yaml = import_module("yaml")
    except ImportError as error:
        raise ManifestError(
            f"PyYAML is not installed, so {path} cannot be read: give a .json manifest."
        ) from error
    try:
        return yaml.safe_load(text)
    except yaml.YAMLError as error:
        raise ManifestError(f"The manifest {path} is not YAML: {error}.") from error


def _scopes(manifest: Json) -> tuple[str, ...]:
    scopes = (manifest.get("oauth_config") or {}).get("scopes") or {}
    return (*scopes.get("bot", ()), *scopes.get("bot_optional", ()))


def _command(entry: Json) -> Command:
    return Command(entry["command"], entry.get("description", ""), entry.get("usage_hint", ""))
