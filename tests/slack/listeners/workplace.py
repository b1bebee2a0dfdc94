"""The real app between a local Slack and a fresh store, driven by payloads; there is no worker.

with a_workplace() as work:
    ack = work.command("status", by=RILEY)      # returns when the whole story is told
    assert "…" in work.heard_by(RILEY, CLOUD_SECURITY)
"""

import asyncio
import json
from collections.abc import Awaitable, Callable, Coroutine, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from datetime import datetime, time, timedelta
from functools import cache
from logging import Logger, getLogger
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, TypeVar
from zoneinfo import ZoneInfo

from adapters.clock import FakeClock
from building.values import NOW, a_finding, a_target, an_account
from slack_bolt.lazy_listener.async_internals import to_runnable_function
from slack_bolt.lazy_listener.async_runner import AsyncLazyListenerRunner
from slack_bolt.request.async_request import AsyncBoltRequest
from slack_bolt.response import BoltResponse
from sqlalchemy import Connection, Engine, text

from bot.domain.account import Account
from bot.domain.finding import Verdict
from bot.domain.guards import Policy
from bot.domain.plan import RoleSettings, build_plan
from bot.domain.request import Mode, Person, RemediationRequest, RequestId, RequestState
from bot.flows.desk import Desk, DigestSettings
from bot.flows.engine import build_enqueue
from bot.flows.ports import Clock
from bot.sandbox.slack import (
    APPROVALS,
    CLOUD_APPROVERS,
    CLOUD_AUDIT,
    CLOUD_SECURITY,
    RILEY,
    LocalSlack,
    RateLimits,
    Seen,
    Workspace,
    default_workspace,
)
from bot.slack.app import build_app
from bot.slack.client import build_async_client, build_client
from bot.slack.ids import ActionId, BlockId, CallbackId
from bot.slack.reception import build_reception
from bot.store import accounts, audit, findings, operations, requests
from bot.store.engine import build_engine
from bot.store.schema import migrate
from tests.slack.listeners import payloads
from tests.slack.listeners.payloads import Json

T = TypeVar("T")
TEAM = default_workspace().team_id
PAYMENTS, LEDGER = an_account(), an_account("444455556666", name="ledger")
REASON = "The audit asks for it"


class Workplace:
    def __init__(self, runner: asyncio.Runner, slack: LocalSlack, desk: Desk, api_url: str) -> None:
        self.slack = slack
        self.engine = desk.engine
        self.desk = desk
        token = slack.environment["SLACK_BOT_TOKEN"]
        reception = build_reception(desk, build_client(token, api_url, timeout=5))
        self.messenger = reception.messenger
        self.app = build_app(build_async_client(token, api_url), reception)
        self._runner = runner
        self._stories = _KeptStories(getLogger(__name__))
        self.app.listener_runner.lazy_listener_runner = self._stories

    # --- what people do ---

    def command(self, words: str, *, by: str = RILEY, channel: str = CLOUD_SECURITY, **more: str) -> Json:
        """What Slack gets as the ack, once the story is told."""
        return self.send(
            payloads.slash_command(
                words,
                user=by,
                channel=channel,
                trigger_id=self.trigger(by),
                response_url=self.response_url("commands", by, channel),
                **more,
            ),
        )

    def press(self, action_id: str, value: str, *, by: str, channel: str, **more: Any) -> Json:
        return self.send(self.pressed(action_id, value, by=by, channel=channel, **more))

    def pressed(
        self, action_id: str, value: str, *, by: str, channel: str, team: str = TEAM, **message: Any
    ) -> Json:
        """The payload of a button on a message; `message` are its text and blocks."""
        action = payloads.block_action(action_id, value, user=by, team=team, trigger_id=self.trigger(by))
        url = self.response_url("actions", by, channel)
        return action | payloads.on_message(channel, url, **message)

    def press_at_home(self, action_id: str, value: str = "", *, by: str, team: str = TEAM) -> Json:
        return self._press_in_view("home", "V0VIEW", action_id, value, by, team)

    def press_in_modal(self, action_id: str, value: str = "", *, by: str) -> Json:
        """Press a button of the modal in front of somebody."""
        modal = self.modal_of(by)
        assert modal is not None
        return self._press_in_view("modal", modal.id, action_id, value, by, TEAM)

    def _press_in_view(self, kind: str, view_id: str, action_id: str, value: str, by: str, team: str) -> Json:
        stack = view_id if kind == "modal" else ""
        trigger = self.slack._site.state.mint_trigger(by, stack)
        action = payloads.block_action(action_id, value, user=by, team=team, trigger_id=trigger)
        place = payloads.on_view(kind)
        return self.send(action | place | {"view": place["view"] | {"id": view_id}})

    def submit_explain(self, account_id: str, *, form_id: str, by: str = RILEY) -> Json:
        values = payloads.selected(BlockId.EXPLAIN_ACCOUNT, ActionId.EXPLAIN_ACCOUNT, account_id)
        return self._submit(CallbackId.EXPLAIN, form_id, values, by)

    def submit_reason(self, reason: str | None, *, form_id: str, by: str = RILEY) -> Json:
        values = payloads.typed(BlockId.FIX_REASON, ActionId.FIX_REASON, reason)
        return self._submit(CallbackId.FIX, form_id, values, by)

    def choose(self, *account_ids: str, form_id: str, by: str = RILEY, view_id: str = "V0VIEW") -> Json:
        values = payloads.several_selected(BlockId.FIX_ACCOUNT, ActionId.FIX_ACCOUNT, *account_ids)
        return self._submit(CallbackId.FIX_CHOOSE, form_id, values, by, view_id)

    def submit_bulk(
        self, *, form_id: str, canary: str, wave: str = "5", reason: str | None = REASON, by: str = RILEY
    ) -> Json:
        values = payloads.selected(BlockId.BULK_CANARY, ActionId.BULK_CANARY, canary)
        values |= payloads.selected(BlockId.BULK_WAVE, ActionId.BULK_WAVE, wave)
        values |= payloads.typed(BlockId.FIX_REASON, ActionId.FIX_REASON, reason)
        return self._submit(CallbackId.BULK, form_id, values, by)

    def open_home(self, *, by: str = RILEY) -> Json:
        return self.send(payloads.home_opened(by))

    def _submit(self, callback: str, form_id: str, values: Json, by: str, view_id: str = "V0VIEW") -> Json:
        view = payloads.a_view(view_id, callback, form_id, values)
        return self.send(payloads.view_submission(view, user=by, trigger_id=self.trigger(by)))

    def trigger(self, user: str) -> str:
        return self.slack._site.state.mint_trigger(user)

    def response_url(self, kind: str, user: str, channel: str) -> str:
        return f"{self.slack.url}/{kind}/{TEAM}/{self.slack._site.state.mint_response_url(user, channel)}"

    # --- the app ---

    def send(self, body: Json) -> Json:
        ack = self.dispatch(body)
        self.settle()
        return ack

    def dispatch(self, body: Json, *, at_ack: Callable[[], object] = lambda: None) -> Json:
        """Only the ack: the story may go on. Fails when Slack would not take the answer for an ack.

        `at_ack` is called at that very moment, before the story can have begun.
        """
        request = AsyncBoltRequest(mode="socket_mode", body=body)

        async def until_ack() -> BoltResponse:
            answer = await self.app.async_dispatch(request)
            at_ack()
            return answer

        answer = self.run(until_ack())
        assert answer.status == 200
        return dict(json.loads(answer.body)) if answer.body else {}

    def settle(self) -> None:
        """Wait until every story that began is told."""
        self.run(_all_of(self._stories.begun))

    @property
    def untold(self) -> int:
        return sum(not story.done() for story in self._stories.begun)

    def run(self, coroutine: Coroutine[Any, Any, T]) -> T:
        return self._runner.run(coroutine)

    def fail_next(self, method: str, error: str) -> None:
        """Let Slack refuse the app's next call of a method."""
        self.slack._site.failures.setdefault(method, []).append(error)

    # --- what there is afterwards ---

    def shown_in(self, channel: str) -> list[Seen]:
        """What everybody in a channel sees."""
        return self._messages(channel, "")

    def told_to(self, user: str) -> list[str]:
        """Everything that one person was told privately, in a channel or directly."""
        state = self.slack._site.state
        direct = [seen.text for seen in self._messages(state.dm_of(user), "")]
        private = [seen.text for channel in list(state.messages) for seen in self._messages(channel, user)]
        return direct + private

    def _messages(self, channel: str, ephemeral_to: str) -> list[Seen]:
        site = self.slack._site
        found = site.state.messages.get(channel, {}).values()
        return [Seen(site.show_message(m), channel) for m in found if m.ephemeral_to == ephemeral_to]

    def modal_of(self, user: str) -> Seen | None:
        """The modal in front of somebody."""
        stack = self.slack._site.state.open_stack(user)
        return Seen(self.slack._site.show_view(stack[-1])) if stack else None

    def home_of(self, user: str) -> Seen | None:
        view = self.slack._site.state.homes.get(user)
        return Seen(self.slack._site.show_view(view)) if view else None

    def look(self, read: Callable[[Connection], T]) -> T:
        with self.engine.connect() as connection:
            return read(connection)

    def change(self, write: Callable[[Connection], object]) -> None:
        with self.engine.begin() as connection:
            write(connection)

    def request(self, request_id: str = "fix-1") -> RemediationRequest:
        found = self.look(lambda connection: requests.read_request(connection, request_id))
        assert found is not None
        return found

    def all_requests(self) -> list[RemediationRequest]:
        ids = self.look(
            lambda connection: list(connection.execute(text("SELECT id FROM requests")).scalars())
        )
        return [self.request(each) for each in ids]

    def events(self) -> list[Json]:
        """The audit chain's events, each as kind, outcome, detail …"""
        chained = self.look(lambda connection: list(audit.read_events(connection)))
        return [json.loads(each.body)["event"] for each in chained]

    def kinds(self) -> list[str]:
        return [each["kind"] for each in self.events()]

    def enqueued(self) -> list[str]:
        """The names of the workflows that wait for a worker."""
        query = text("SELECT name FROM workflow_status ORDER BY created_at")
        return self.look(lambda connection: list(connection.execute(query).scalars()))


class _KeptStories(AsyncLazyListenerRunner):
    """Starts what comes after the ack as Bolt does, and remembers it, so that a test can wait for its end."""

    def __init__(self, logger: Logger) -> None:
        self.logger = logger
        self.begun: list[asyncio.Future[None]] = []

    def start(self, function: Callable[..., Awaitable[None]], request: AsyncBoltRequest) -> None:
        story = to_runnable_function(internal_func=function, logger=self.logger, request=request)
        self.begun.append(asyncio.ensure_future(story))


async def _all_of(stories: Sequence[asyncio.Future[None]]) -> None:
    await asyncio.gather(*stories)


@contextmanager
def a_workplace(
    *,
    clock: Clock | None = None,
    api_url: str = "",
    workspace: Workspace | None = None,
    digest: DigestSettings | None = None,
    commands_per_minute: int = 0,
    **policy: Any,
) -> Iterator[Workplace]:
    """`policy` are changes to who may do what; `api_url` is another Slack than the local one."""
    with TemporaryDirectory() as folder, asyncio.Runner() as runner:
        engine = fresh_store(Path(folder))
        # Its time stands still: no trigger goes stale, however slow the machine is.
        slack = LocalSlack(workspace, limits=RateLimits(enabled=False), clock=NOW.timestamp)
        runner.run(slack.start())
        try:
            desk = a_desk(engine, clock or FakeClock(), a_policy(**policy), digest)
            desk = replace(desk, commands_per_minute=commands_per_minute)
            work = Workplace(runner, slack, desk, api_url or slack.api_url)
            yield work
            work.settle()
        finally:
            runner.run(slack.stop())
            engine.dispose()


def a_desk(engine: Engine, clock: Clock, policy: Policy, digest: DigestSettings | None = None) -> Desk:
    return Desk(
        engine=engine,
        enqueue=build_enqueue(engine),
        clock=clock,
        policy=policy,
        role=RoleSettings(),
        request_ttl=timedelta(hours=1),
        audit_channel=CLOUD_AUDIT,
        digest=digest,
    )


def a_policy(**changes: Any) -> Policy:
    policy = Policy(
        mode=Mode.APPLY,
        team_ids=frozenset({TEAM}),
        approval_channel=APPROVALS,
        approvers=frozenset(),
        approver_groups=frozenset({CLOUD_APPROVERS}),
        max_changes_per_hour=5,
        max_accounts_per_request=10,
        protected_accounts=frozenset(),
    )
    return replace(policy, **changes)


def a_digest() -> DigestSettings:
    return DigestSettings(CLOUD_SECURITY, time(9), ZoneInfo("Europe/Berlin"))


def fresh_store(folder: Path) -> Engine:
    """A store with the tables of the program and of its durable engine."""
    file = folder / "store.db"
    file.write_bytes(_empty_store())
    return build_engine(f"sqlite:///{file}")


@cache
def _empty_store() -> bytes:
    """Made once, for it takes a third of a second."""
    with TemporaryDirectory() as folder:
        file = Path(folder) / "store.db"
        engine = build_engine(f"sqlite:///{file}")
        migrate(engine)
        # What a worker does at its start; a client never does.
        build_enqueue(engine).client._sys_db.run_migrations()
        engine.dispose()
        return file.read_bytes()


# --- what is in the store before ---


def know(connection: Connection, *known: tuple[Account, Verdict | None]) -> None:
    """Accounts in scope, each with its last verdict; None for one that was never read."""
    accounts.save_accounts(connection, [account for account, _ in known], now=NOW)
    found = [a_finding(verdict, account) for account, verdict in known if verdict]
    findings.save_findings(connection, found, scan_id="scan-before")


def ask(
    connection: Connection,
    *,
    requester: str = RILEY,
    account: Account = PAYMENTS,
    expires_at: datetime = NOW + timedelta(hours=1),
) -> None:
    """A request, `fix-1`, that waits for a decision, and the account that it is about."""
    accounts.save_accounts(connection, [account], now=NOW)
    target = a_target(account)
    request = RemediationRequest(
        id=RequestId("fix-1"),
        account_id=account.id,
        account_name=account.name,
        requester=Person(TEAM, requester),
        reason=REASON,
        mode=Mode.APPLY,
        state=RequestState.PREPARING,
        created_at=NOW,
        expires_at=expires_at,
    )
    requests.add_request(connection, request)
    requests.move(
        connection,
        request.id,
        before=RequestState.PREPARING,
        after=RequestState.PENDING,
        now=NOW,
        plan=build_plan(account, RoleSettings(), target.facts),
        target=target,
    )


def pause(connection: Connection) -> None:
    operations.set_paused(connection, paused=True, by="somebody", now=NOW)
