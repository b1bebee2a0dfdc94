"""A page beside the Slack workspace: what is in AWS at this moment, and the calls that were made there."""

import asyncio
from collections.abc import Callable, Iterator
from datetime import datetime
from html import escape

from aiohttp import web

from bot.sandbox.aws.journal import JournalEntry
from bot.sandbox.aws.switches_client import AwsSwitches, SupportRole
from bot.sandbox.world import STORIES, Story, World

PATH = "/sandbox/aws"
REFRESH_SECONDS = 3
LAST_CALLS = 60
WRITES = ("Attach", "Create", "Delete", "Detach", "Put", "Tag", "Update")

_HEADERS = {
    "Content-Security-Policy": "default-src 'none'; style-src 'unsafe-inline'; frame-ancestors 'self'",
    "Cache-Control": "no-store",
    "Refresh": str(REFRESH_SECONDS),
}
_STYLE = """
:root { color-scheme: light dark }
body { font: 14px/1.45 system-ui, sans-serif; margin: 1rem; max-width: 75rem; overflow-wrap: anywhere }
h1 { font-size: 1.1rem } h2 { font-size: 1rem; margin-top: 1.5rem }
ul { list-style: none; margin: 0; padding: 0 }
li { display: grid; grid-template-columns: repeat(auto-fit, minmax(15rem, 1fr)); gap: 0 1rem;
     padding: .45rem 0; border-top: 1px solid #8883 }
code { font-size: .92em } small, .dim { opacity: .7 }
.write { border-left: 3px solid #2e8b57; padding-left: .5rem } .refused { color: #c0362c }
@media (prefers-color-scheme: dark) { .refused { color: #ff8a80 } }
"""


def aws_routes(world: World, aws: Callable[[], AwsSwitches]) -> tuple[web.RouteDef, ...]:
    """The page's one route; `aws` is asked at every view, since it is started later than the page."""

    async def show(_: web.Request) -> web.Response:
        text = await asyncio.to_thread(_read, world, aws())
        return web.Response(text=text, content_type="text/html", charset="utf-8", headers=_HEADERS)

    return (web.get(PATH, show),)


def _read(world: World, aws: AwsSwitches) -> str:
    told = world.stories[: STORIES + 1]
    found = aws.all_support_roles()
    roles = {story.id: found.get(story.id, ()) for story in told}
    return render(world, roles, aws.calls(last=LAST_CALLS))


def render(world: World, roles: dict[str, tuple[SupportRole, ...]], calls: list[JournalEntry]) -> str:
    """The page as HTML; whatever comes from AWS is text in it."""
    names = {story.id: story.name for story in world.stories}
    told = [story for story in world.stories if story.id in roles]
    more = len(world.stories) - len(told)
    accounts = "".join(_account(story, roles[story.id]) for story in told)
    rest = f"<p class=dim>And {more} more accounts.</p>" if more else ""
    journal = "".join(_call(call, names) for call in reversed(calls))
    return (
        f"<!doctype html><html lang=en><title>AWS in the sandbox</title><style>{_STYLE}</style>"
        f"<h1>The AWS organization</h1><p class=dim>Nothing here is real. The page looks again every "
        f"{REFRESH_SECONDS} seconds.</p>"
        f"<h2>Accounts, and their roles with AWSSupportAccess</h2><ul>{accounts}</ul>{rest}"
        f"<h2>The last {LAST_CALLS} calls, newest first</h2><ul>{journal}</ul></html>"
    )


def _account(story: Story, roles: tuple[SupportRole, ...]) -> str:
    shown = "<br>".join(_role(role) for role in roles) or "<span class=dim>no role</span>"
    name = f"<b>{escape(story.name)}</b> <small>{story.id}</small>"
    return f"<li><div>{name}<br><span class=dim>{escape(story.about)}</span></div><div>{shown}</div></li>"


def _role(role: SupportRole) -> str:
    trusts = ", ".join(_principals(role)) or "nobody"
    return f"<code>{escape(role.name)}</code> trusts <code>{escape(trusts)}</code>"


def _principals(role: SupportRole) -> Iterator[str]:
    for statement in role.trust.get("Statement", ()):
        principal = statement.get("Principal", "")
        values = principal.values() if isinstance(principal, dict) else [principal]
        for value in values:
            yield from (value if isinstance(value, list) else [value])


def _call(call: JournalEntry, names: dict[str, str]) -> str:
    is_write = call.action.partition(":")[2].startswith(WRITES)
    outcome = f"<span class=refused>{escape(call.error)}</span>" if call.error else "done"
    at = datetime.fromisoformat(call.at).strftime("%H:%M:%S")
    who = call.caller.partition(":assumed-role/")[2] or call.caller.rpartition("/")[2]
    approved = f" <small>for {escape(call.source_identity)}</small>" if call.source_identity else ""
    subject = call.subject.rpartition("/")[2]
    item = "<li class=write>" if is_write else "<li>"
    what = f"<code>{escape(call.action)}</code> {escape(subject)}"
    name = escape(names.get(call.account_id, ""))
    return (
        f"{item}<div><small>{at}</small> <b>{name}</b> {what}</div>"
        f"<div>{outcome} <span class=dim>as {escape(who)}</span>{approved}</div></li>"
    )
