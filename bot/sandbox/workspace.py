"""The Slack workspace as the sandbox sets it: with the app's manifest, and three things to try."""

from pathlib import Path

from bot.sandbox.slack import Tip, Workspace, bot_from_manifest, default_workspace

TIPS = (
    Tip(
        "Check every account",
        "/support-role status",
        "as Riley, in #cloud-security: thirteen accounts, each with its verdict and the reason",
        "cloud-security",
    ),
    Tip(
        "Fix payments-prod",
        "/support-role fix payments-prod",
        "as Riley; then switch to Ana and approve in #approvals, and see the role being made",
        "cloud-security",
    ),
    Tip(
        "Try to get round it",
        "/support-role fix mobile-backend",
        "approve your own request, or as Gus: refused, with the reason; #cloud-audit has it all",
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
