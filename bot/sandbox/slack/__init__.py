"""A Slack workspace on this machine, speaking Slack's real protocols to an unchanged app.

    python -m bot.sandbox.slack [--port 8765] [--manifest manifest.yml] [--no-rate-limit] [--request-url URL]

or, in a test or another program:

    async with LocalSlack() as slack:                    # or: await slack.start(port); await slack.stop()
        os.environ.update(slack.environment)             # SLACK_BOT_TOKEN, SLACK_APP_TOKEN, …, SLACK_API_URL
        ...start the app...
        await slack.wait_for_app()
        async with Person(slack.url, RILEY) as riley:
            await riley.command("/support-role status", "cloud-security")
            message = await riley.wait_for_message("cloud-security", "accounts")
            await riley.click(message, "Fix failing…")   # by label or action id; only what is displayed
            modal = await riley.wait_for_modal()
            errors = await riley.submit(modal, {"reason": "Audit finding 7"})   # by action id
            await riley.wait_for(lambda screen: screen.modal is None)

`LocalSlack(workspace=None, *, limits=RateLimits(), sockets=SocketSettings(), request_url="", clock=time.time,
extra_routes=(), panels=(), tips=())` has `.url` (the page), `.api_url`, `.environment`, `.connections`,
`.workspace`. With a `request_url` the app gets signed requests there instead of envelopes. `extra_routes` are
aiohttp route definitions, `panels` are `Panel`s that the sidebar links to (they open beside the
conversation), `tips` are `Tip`s: things to try, shown in a welcome panel; a click types them.

`Workspace` is frozen; `default_workspace(bot)` has RILEY (asks), ANA and SAM (approve, in CLOUD_APPROVERS),
PRIYA (administrator), GUS (guest) and EVE (another workspace), and the channels CLOUD_SECURITY, APPROVALS,
CLOUD_AUDIT, RANDOM (the app is no member) and PARTNERS (shared with EVE's workspace).
`bot_from_manifest(path)` gives a `Bot` with the manifest's commands, scopes and events.

`lint(blocks, surface)` says what Slack would refuse in blocks, `lint_view(view)` in a whole view.
"""

from bot.sandbox.slack.limits import RateLimits
from bot.sandbox.slack.lint import lint, lint_view
from bot.sandbox.slack.manifest import ManifestError, bot_from_manifest
from bot.sandbox.slack.person import NotDone, Person
from bot.sandbox.slack.screen import Screen, Seen
from bot.sandbox.slack.server import DEFAULT_PORT, LocalSlack
from bot.sandbox.slack.snapshot import Panel, Tip
from bot.sandbox.slack.sockets import SocketSettings
from bot.sandbox.slack.workspace import (
    ANA,
    APPROVALS,
    CLOUD_APPROVERS,
    CLOUD_AUDIT,
    CLOUD_SECURITY,
    EVE,
    GUS,
    PARTNERS,
    PRIYA,
    RANDOM,
    RILEY,
    SAM,
    Bot,
    Channel,
    Command,
    Member,
    UserGroup,
    Workspace,
    default_workspace,
)

__all__ = [
    "ANA",
    "APPROVALS",
    "CLOUD_APPROVERS",
    "CLOUD_AUDIT",
    "CLOUD_SECURITY",
    "DEFAULT_PORT",
    "EVE",
    "GUS",
    "PARTNERS",
    "PRIYA",
    "RANDOM",
    "RILEY",
    "SAM",
    "Bot",
    "Channel",
    "Command",
    "LocalSlack",
    "ManifestError",
    "Member",
    "NotDone",
    "Panel",
    "Person",
    "RateLimits",
    "Screen",
    "Seen",
    "SocketSettings",
    "Tip",
    "UserGroup",
    "Workspace",
    "bot_from_manifest",
    "default_workspace",
    "lint",
    "lint_view",
]
