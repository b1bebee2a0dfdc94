"""The Slack workspace as the sandbox sets it: with the app's manifest, and three things to try."""

from pathlib import Path

from bot.sandbox.slack import Tip, Workspace, bot_from_manifest, default_workspace

TIPS = (
    Tip(
        "Check every account",
        "/support-role status",
        "As Riley, in #cloud-security. Those that need attention are listed, each with the reason and the "
        "next step.",
        "cloud-security",
    ),
    Tip(
        "Fix payments-prod",
        "/support-role fix payments-prod",
        "Ask for it as Riley. Then become Ana (bottom left) and approve it in #approvals.",
        "cloud-security",
    ),
    Tip(
        "Try to get round it",
        "/support-role fix batch-jobs",
        "Ask for it, then approve it yourself in #approvals: refused, and on record in #cloud-audit. "
        "Become Gus, a guest, and ask for anything.",
        "cloud-security",
    ),
)


def sandbox_workspace() -> Workspace:
    manifest = _manifest()
    return default_workspace(bot_from_manifest(manifest) if manifest else None)


def _manifest() -> Path | None:
    """The app's manifest: in the package when installed, beside it in a checkout."""
    places = (Path(__file__).parents[1] / "manifest.yml", Path(__file__).parents[2] / "manifest.yml")
    return next((place for place in places if place.is_file()), None)
