"""Slack under the doctor's eyes: tokens, scopes, channels and people. Only methods that read are called."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from http.client import HTTPException
from typing import Any

from slack_sdk import WebClient
from slack_sdk.errors import SlackApiError, SlackClientError
from slack_sdk.http_retry.builtin_handlers import ConnectionErrorRetryHandler
from slack_sdk.web import SlackResponse

from bot.domain.doctor import CHECKS, Diagnosis, Probe, good, judge_clock, skipped, warning, wrong
from bot.domain.errors import MessengerError
from bot.settings import Settings
from bot.slack.client import build_client
from bot.slack.doctor_people import PeopleDoctor
from bot.slack.faults import code_of, messenger_error

TIMEOUT_SECONDS = 8
SCOPES = frozenset(
    {
        "channels:read",
        "chat:write",
        "commands",
        "groups:read",
        "im:write",
        "usergroups:read",
        "users:read",
    }
)
OPTIONAL_SCOPES = {"files:write": "files for export", "chat:write.public": "posts where the bot is no member"}
"""The manifest's, with what is not there without them; a test holds these and the manifest together."""
CHECKS_OF_SLACK = tuple(check for check in CHECKS if check.startswith("slack."))
_FAULTS = (SlackClientError, OSError, HTTPException)
_INVITE = "Type /invite @support-role there, or name another channel in settings."


def slack_probes(settings: Settings) -> tuple[Probe, ...]:
    """Looks at Slack; every one of them skipped where there is no bot token."""
    slack = settings.slack
    token, app_token = slack.bot_token.get_secret_value(), slack.app_token.get_secret_value()
    look = _SlackDoctor(settings, _client(token, slack.api_url))
    socket = Probe("slack.socket", lambda: _socket(app_token, slack.api_url))
    opens = tuple(check for check in CHECKS_OF_SLACK if check not in ("slack.token", "slack.socket"))
    return (Probe("slack.token", look.token, opens), socket)


def _client(token: str, api_url: str) -> WebClient:
    client = build_client(token, api_url, timeout=TIMEOUT_SECONDS)
    # A rate limit is waited out by those who must post. Here it is something to tell.
    client.retry_handlers = [ConnectionErrorRetryHandler(max_retry_count=1)]
    return client


@dataclass(frozen=True, slots=True)
class _SlackDoctor:
    settings: Settings
    client: WebClient

    def token(self) -> Iterator[Diagnosis | Probe]:
        check = "slack.token"
        if not self.client.token:
            yield skipped(check, "No bot token is configured (slack.bot_token or SLACK_BOT_TOKEN).")
            return
        try:
            answer = self.client.api_call("auth.test")
        except _FAULTS as fault:
            yield _refused(check, fault, "auth.test", "the bot token")
            return
        headers = {name.lower(): value for name, value in answer.headers.items()}
        yield good(check, f"The bot is {answer.get('user', '')} in {answer.get('team', '')}.")
        yield _clock(str(headers.get("date", "")), datetime.now(UTC))
        yield self._team(answer)
        scopes = frozenset(each.strip() for each in str(headers.get("x-oauth-scopes", "")).split(","))
        yield from _scopes(scopes - {""})
        yield from self._places(posts_anywhere="chat:write.public" in scopes)
        yield from PeopleDoctor(self.settings, self.read).probes()

    def read(self, method: str, about: str, **arguments: str) -> Mapping[str, Any]:
        """Call a method that reads; raises MessengerError."""
        try:
            answer = self.client.api_call(method, params=arguments)
        except _FAULTS as fault:
            raise messenger_error(fault, method, about) from fault
        return answer.data if isinstance(answer.data, Mapping) else {}

    def _team(self, answer: SlackResponse) -> Diagnosis:
        check, wanted = "slack.team", self.settings.slack.team_ids
        team_id = str(answer.get("team_id") or "")
        name = f"{answer.get('team', '')} ({team_id})"
        if team_id in wanted:
            return good(check, f"The token is for {name}, whose members are served.")
        listed = ", ".join(wanted) or "none"
        text = f"The token is for {name}, and slack.team_ids has {listed}: nobody there is served."
        return wrong(check, text, f"Add {team_id or 'the id of that workspace'} to slack.team_ids.")

    def _places(self, *, posts_anywhere: bool) -> Iterator[Diagnosis | Probe]:
        fix = self.settings.remediation
        for name, setting, channel in (
            ("approval", "remediation.approval_channel", fix.approval_channel),
            ("audit", "remediation.audit_channel", fix.audit_channel),
            ("digest", "digest.channel", self.settings.digest.channel),
        ):
            check = f"slack.channel.{name}"
            if channel:
                yield Probe(check, _Place(check, setting, channel, self, posts_anywhere=posts_anywhere).look)
            else:
                yield skipped(check, f"{setting} names none.")


@dataclass(frozen=True, slots=True)
class _Place:
    """One channel of settings."""

    check: str
    setting: str
    channel: str
    slack: _SlackDoctor
    posts_anywhere: bool

    def look(self) -> Iterator[Diagnosis]:
        try:
            answer = self.slack.read("conversations.info", self.channel, channel=self.channel)
        except MessengerError as fault:
            yield self._not_read(fault)
            return
        channel = answer.get("channel") or {}
        name = f"#{channel.get('name', '')} ({self.setting})"
        problem = self._problem(name, channel)
        yield problem or good(self.check, f"The bot is a member of {name}.")

    def _not_read(self, fault: MessengerError) -> Diagnosis:
        if fault.code == "channel_not_found":
            text = f"{self.setting} is {self.channel}: there is none, or it is private and without the bot."
            return wrong(self.check, text, _INVITE)
        return _told(self.check, fault)

    def _problem(self, name: str, channel: Mapping[str, Any]) -> Diagnosis | None:
        if channel.get("is_archived"):
            return wrong(self.check, f"{name} is archived.", "Unarchive it, or name another one in settings.")
        if channel.get("is_ext_shared") or channel.get("is_pending_ext_shared"):
            text = f"{name} is shared with another company (Slack Connect)."
            return wrong(self.check, text, f"Name a channel of this workspace alone in {self.setting}.")
        if channel.get("is_member") is not False:
            return None
        text = f"The bot is not a member of {name}."
        if self.posts_anywhere and not channel.get("is_private"):
            return warning(self.check, f"{text} It may post there all the same (chat:write.public).", _INVITE)
        return wrong(self.check, text, _INVITE)


def _scopes(scopes: frozenset[str]) -> Iterator[Diagnosis]:
    check = "slack.scopes"
    if not scopes:
        yield skipped(check, "Slack's answer did not say which scopes the token has.")
        return
    step = "Add {} under OAuth & Permissions, and install the app again."
    missing = ", ".join(sorted(SCOPES - scopes))
    if missing:
        yield wrong(check, f"The token lacks {missing}.", step.format("it" if "," not in missing else "them"))
    for scope in sorted(set(OPTIONAL_SCOPES) - scopes):
        text = f"The token lacks the optional scope {scope}: {OPTIONAL_SCOPES[scope]} are not to be had."
        yield warning(check, text, step.format("it, if you want that,"))
    unused = ", ".join(sorted(scopes - SCOPES - set(OPTIONAL_SCOPES)))
    if unused:
        text = f"The token has scopes that the bot never uses: {unused}."
        yield warning(check, text, "Remove them under OAuth & Permissions, and install the app again.")
    if not missing and not unused and set(OPTIONAL_SCOPES) <= scopes:
        yield good(check, "The token has the manifest's scopes, and no others.")


def _socket(app_token: str, api_url: str) -> Iterator[Diagnosis]:
    """Ask for a socket's address, and open none: Slack would send some events there, to be lost."""
    check = "slack.socket"
    if not app_token:
        yield skipped(check, "No app-level token is configured; with serve --http none is needed.")
        return
    client = _client(app_token, api_url)
    step = "Make an app-level token (xapp-…) with connections:write under Basic Information, "
    step += "and turn on Socket Mode."
    try:
        client.apps_connections_open(app_token=app_token)
    except SlackApiError as fault:
        yield wrong(check, f"Slack does not take the app-level token: {code_of(fault)}.", step)
    except _FAULTS as fault:
        yield _refused(check, fault, "apps.connections.open", "the app-level token")
    else:
        yield good(check, "Slack gives the app-level token a socket.")


def _clock(date: str, ours: datetime) -> Diagnosis:
    try:
        theirs = parsedate_to_datetime(date)
    except (TypeError, ValueError):
        return skipped("slack.clock", "Slack's answer did not say what time it is there.")
    return judge_clock("slack.clock", theirs=theirs, ours=ours, whose="Slack's clock")


def _refused(check: str, fault: Exception, method: str, about: str) -> Diagnosis:
    return _told(check, messenger_error(fault, method, about))


def _told(check: str, fault: MessengerError) -> Diagnosis:
    """What happened, and what to do. A rate limit says nothing of what is right and what is not."""
    text, _, step = fault.text.partition(". ")
    judge = warning if fault.code == "ratelimited" else wrong
    return judge(check, f"{text}.", step)
