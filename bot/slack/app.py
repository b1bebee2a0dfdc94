"""The Bolt app: every listener acks before anything else, and tells its story in a thread after that."""

import asyncio
import logging
import re
from collections.abc import Awaitable, Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from secrets import token_hex
from typing import Any

from slack_bolt.async_app import AsyncAck, AsyncApp
from slack_bolt.authorization import AuthorizeResult
from slack_sdk.web.async_client import AsyncWebClient

from bot.domain.errors import SupportRoleError
from bot.slack.blocks.fix import message_modal
from bot.slack.blocks.notice import error
from bot.slack.blocks.reason import problem_with_reason
from bot.slack.commands import run_command
from bot.slack.ids import COMMAND, ActionId, BlockId, CallbackId
from bot.slack.incoming import Incoming, entered_in, from_action, from_command, from_home, from_view
from bot.slack.limits import limited
from bot.slack.listeners.approve import approve, deny, show_plan
from bot.slack.listeners.bulk import approve_bulk, deny_bulk, show_plans, stop_bulk, submit_bulk
from bot.slack.listeners.explain import open_explain, submit_explain
from bot.slack.listeners.export import export_chosen, open_export
from bot.slack.listeners.fix import choose_account, open_fix, submit_fix
from bot.slack.listeners.home import check_now, home_again, refresh_home, show_home
from bot.slack.listeners.plan import change_form, open_text
from bot.slack.listeners.status import show_status
from bot.slack.listeners.undo import open_undo, submit_undo
from bot.slack.listeners.waive import (
    deny_waiver,
    grant_waiver,
    revoke_waiver,
    submit_waive,
    waive_problems,
)
from bot.slack.reception import Reception, members_only
from bot.store import operations

log = logging.getLogger(__name__)

Story = Callable[[Reception, Incoming], None]
Listener = Callable[..., Awaitable[None]]

STORIES: dict[ActionId, Story] = {
    ActionId.STATUS_RECHECK: members_only(
        limited(lambda reception, incoming: show_status(reception, incoming, incoming.value))
    ),
    ActionId.STATUS_FIX: members_only(
        limited(lambda reception, incoming: open_fix(reception, incoming, incoming.value))
    ),
    ActionId.STATUS_EXPLAIN: members_only(open_explain),
    ActionId.STATUS_EXPORT: members_only(open_export),
    ActionId.EXPORT_FORM: members_only(limited(export_chosen)),
    ActionId.HOME_CHECK: members_only(home_again(limited(check_now))),
    # Whoever is not served is told so by the tab itself.
    ActionId.HOME_REFRESH: refresh_home,
    # Not `members_only`: the guards turn away whom they must, and record it.
    ActionId.REQUEST_APPROVE: home_again(approve),
    ActionId.REQUEST_DENY: home_again(deny),
    ActionId.REQUEST_PLAN: members_only(show_plan),
    ActionId.REQUEST_UNDO: members_only(open_undo),
    ActionId.BULK_APPROVE: home_again(approve_bulk),
    ActionId.BULK_DENY: home_again(deny_bulk),
    ActionId.BULK_STOP: stop_bulk,
    ActionId.BULK_PLANS: members_only(show_plans),
    ActionId.PLAN_AS_TEXT: members_only(open_text),
    ActionId.PLAN_FORM: members_only(change_form),
    ActionId.WAIVER_APPROVE: home_again(grant_waiver),
    ActionId.WAIVER_DENY: home_again(deny_waiver),
    ActionId.WAIVER_REVOKE: revoke_waiver,
}


def build_app(client: AsyncWebClient, reception: Reception, *, signing_secret: str = "") -> AsyncApp:
    """The app with all its listeners; `signing_secret` is for HTTP mode alone."""
    # Given a token, Bolt would ask auth.test before the first acks, and lose them while Slack is slow.
    token, client.token = client.token or "", None
    app = AsyncApp(
        client=client,
        authorize=_authorize_with(token),
        logger=_bolt_logger(),
        signing_secret=signing_secret or "socket mode needs none",
        # Without it Bolt looks only every 10 ms whether a listener has acked.
        process_before_response=True,
        raise_error_for_unhandled_request=False,
    )
    _Listeners(reception).register(app)
    return app


def _authorize_with(token: str) -> Callable[..., Awaitable[AuthorizeResult]]:
    """One token for every workspace: who is served, stories and guards decide."""

    async def authorize(enterprise_id: str | None, team_id: str | None) -> AuthorizeResult:
        return AuthorizeResult(enterprise_id=enterprise_id, team_id=team_id, bot_token=token)

    return authorize


def _bolt_logger() -> logging.Logger:
    # Bolt's own loggers copy the root's level, and at DEBUG log whole payloads; given one, they copy its.
    logger = logging.getLogger("slack_bolt")
    logger.addFilter(_is_news)
    return logger


def _is_news(record: logging.LogRecord) -> bool:
    # Bolt reads SLACK_BOT_TOKEN by itself, only to warn at every start that it goes unused.
    return "will be unused" not in record.getMessage()


class _Listeners:
    def __init__(self, reception: Reception) -> None:
        self._reception = reception
        self._threads = ThreadPoolExecutor(max_workers=16, thread_name_prefix="story")

    def register(self, app: AsyncApp) -> None:
        app.command(COMMAND)(ack=_ack, lazy=[self._after(from_command, run_command)])
        # A command without a listener would get no ack from Bolt, and its sender an error from Slack.
        app.command(re.compile(".*"))(ack=_ack, lazy=[self._after(from_command, run_command)])
        for action_id, story in STORIES.items():
            app.action(action_id.value)(ack=_ack, lazy=[self._after(from_action, story)])
        app.action(re.compile(".*"))(_ack)
        app.view(CallbackId.FIX.value)(ack=_ack_reason, lazy=[self._after_reason(submit_fix)])
        app.view(CallbackId.BULK.value)(ack=_ack_reason, lazy=[self._after_reason(submit_bulk)])
        app.view(CallbackId.UNDO.value)(ack=_ack_reason, lazy=[self._after_reason(submit_undo)])
        app.view(CallbackId.WAIVE.value)(ack=self._ack_waive(), lazy=[self._after_waive()])
        app.view(CallbackId.FIX_CHOOSE.value)(ack=_ack_wait, lazy=[self._after(from_view, choose_account)])
        explain = members_only(limited(submit_explain))
        app.view(CallbackId.EXPLAIN.value)(ack=_ack, lazy=[self._after(from_view, explain)])
        app.view(re.compile(".*"))(_ack)
        app.event("app_home_opened")(ack=_ack, lazy=[self._after_home()])
        app.event(re.compile(".*"))(_ack)

    def _after(self, parse: Callable[[Mapping[str, Any]], Incoming], story: Story) -> Listener:
        async def listener(body: dict[str, Any]) -> None:
            loop = asyncio.get_running_loop()
            await loop.run_in_executor(self._threads, self._tell, parse(body), story)

        listener.__name__ = f"after_{getattr(story, '__name__', 'action')}"
        return listener

    def _after_home(self) -> Listener:
        show = self._after(from_home, show_home)

        async def listener(body: dict[str, Any]) -> None:
            # Slack sends the same event for the tab of messages.
            if body["event"].get("tab", "home") == "home":
                await show(body)

        return listener

    def _after_reason(self, story: Story) -> Listener:
        submit = self._after(from_view, members_only(story))

        async def listener(body: dict[str, Any]) -> None:
            if not _reason_problem(body["view"]):
                await submit(body)

        return listener

    def _ack_waive(self) -> Listener:
        async def listener(ack: AsyncAck, body: dict[str, Any]) -> None:
            problems = waive_problems(self._reception.desk, body["view"])
            if problems:
                await ack(response_action="errors", errors={at.value: said for at, said in problems.items()})
            else:
                await ack()

        return listener

    def _after_waive(self) -> Listener:
        submit = self._after(from_view, members_only(submit_waive))

        async def listener(body: dict[str, Any]) -> None:
            if not waive_problems(self._reception.desk, body["view"]):
                await submit(body)

        return listener

    def _tell(self, incoming: Incoming, story: Story) -> None:
        """Tell a story once, whatever happens in it; the one place where faults become words."""
        try:
            if self._is_repeat(incoming):
                return
            story(self._reception, incoming)
        except SupportRoleError as fault:
            log.warning("story ended", extra={"problem": str(fault)})
            self._reception.answers.tell(incoming, "That did not work", str(fault))
        except Exception:
            reference = token_hex(4)
            log.exception("story failed", extra={"reference": reference})
            self._reception.answers.give(incoming, error(reference))

    def _is_repeat(self, incoming: Incoming) -> bool:
        # Slack sends an envelope again when an ack is lost, to any of the bot's connections.
        if not incoming.trigger_id:
            return False
        desk = self._reception.desk
        with desk.engine.begin() as connection:
            return not operations.is_first_delivery(connection, incoming.trigger_id[:120], now=desk.clock())


async def _ack(ack: AsyncAck) -> None:
    await ack()


async def _ack_wait(ack: AsyncAck) -> None:
    view = message_modal("Fix an account", "The plan is being made …")
    await ack(response_action="update", view=view.body)


async def _ack_reason(ack: AsyncAck, body: dict[str, Any]) -> None:
    problem = _reason_problem(body["view"])
    if problem:
        block_id, _ = _reason_field(body["view"])
        await ack(response_action="errors", errors={block_id.value: problem})
    else:
        await ack()


def _reason_problem(view: Mapping[str, Any]) -> str:
    _, action_id = _reason_field(view)
    return problem_with_reason(dict(entered_in(view)).get(action_id, ""))


def _reason_field(view: Mapping[str, Any]) -> tuple[BlockId, ActionId]:
    if view["callback_id"] == CallbackId.UNDO:
        return BlockId.UNDO_REASON, ActionId.UNDO_REASON
    return BlockId.FIX_REASON, ActionId.FIX_REASON
