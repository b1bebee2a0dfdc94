"""What people do, sent to the app, and what the app's answers do on their screens."""

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from bot.sandbox.slack import payloads
from bot.sandbox.slack.delivery import Acked, NotAcked
from bot.sandbox.slack.elements import (
    Choice,
    NotOffered,
    Placed,
    as_action,
    chosen,
    find,
    initial_values,
    placed_in,
)
from bot.sandbox.slack.forms import problems_of
from bot.sandbox.slack.messages import Message, View
from bot.sandbox.slack.methods_views import push_onto, refuse_invalid, with_body
from bot.sandbox.slack.responses import respond
from bot.sandbox.slack.site import Site, SlackRefusal
from bot.sandbox.slack.workspace import Json

SLACKBOT = "USLACKBOT"


@dataclass(frozen=True, slots=True)
class Outcome:
    """What came of something a person did. `error` is a code of Slack's; `more` goes with it to the page."""

    error: str = ""
    more: Mapping[str, Any] = field(default_factory=dict)

    def as_json(self) -> Json:
        problem = {"error": self.error} if self.error else {}
        return {"ok": not self.error} | problem | dict(self.more)


@dataclass(frozen=True, slots=True)
class Spot:
    """Where a person clicks: a message, a modal, or (with neither) their home tab."""

    user: str
    channel: str = ""
    ts: str = ""
    view_id: str = ""


class Interactivity:
    def __init__(self, site: Site) -> None:
        self._site = site
        self._tasks: set[asyncio.Task[object]] = set()

    # --- typing ---

    async def type(self, user: str, channel: str, text: str, thread_ts: str = "") -> Outcome:
        """What a person sends from the message box: a command, or words."""
        if not self._site.state.sees(user, channel):
            raise NotOffered("You are not in that channel.")
        self._site.state.last_read[user, channel] = self._site.state.mint_ts()
        if text.startswith("/"):
            return await self._command(user, channel, text)
        message = Message(channel, self._site.state.mint_ts(), user, escaped(text), thread_ts=thread_ts)
        self._site.state.add(message)
        return Outcome()

    async def _command(self, user: str, channel: str, typed: str) -> Outcome:
        command, _, text = typed.partition(" ")
        if command == "/invite":
            return await self._invite(user, channel, text)
        known = self._site.bot.commands
        if known is not None and command not in [entry.name for entry in known]:
            self._whisper(user, channel, f"`{escaped(command)}` is not a valid command.")
            return Outcome("invalid_command")
        payload = payloads.slash_command(self._site, user, channel, command, text.strip())
        answer = await self._site.delivery.deliver("slash_commands", payload)
        if isinstance(answer, NotAcked):
            self._whisper(user, channel, f'{escaped(command)} failed with the error "{answer.error}"')
            return Outcome(answer.error)
        return self._answered(user, channel, command, answer.payload)

    def _answered(self, user: str, channel: str, command: str, payload: Json) -> Outcome:
        if not payload:
            return Outcome()
        try:
            respond(self._site, user, channel, payload)
        except SlackRefusal as refusal:
            self._whisper(
                user, channel, f'{escaped(command)} failed with the error "invalid_command_response"'
            )
            return Outcome("invalid_command_response", {"detail": refusal.code} | refusal.more)
        return Outcome()

    async def _invite(self, user: str, channel: str, text: str) -> Outcome:
        name = text.strip().removeprefix("@")
        if name not in {self._site.bot.name, self._site.bot.display_name}:
            self._whisper(user, channel, f"There is nobody called {escaped(name or '…')} to invite.")
            return Outcome("user_not_found")
        if self._site.workspace.channel(channel) is None:
            self._whisper(user, channel, "Nobody can be invited to a direct message.")
            return Outcome("method_not_supported_for_channel_type")
        self._site.state.with_bot.add(channel)
        joined = f"was added to #{self._site.state.name_of(channel)} by <@{user}>."
        bot_user = self._site.bot.user_id
        self._site.state.add(
            Message(channel, self._site.state.mint_ts(), bot_user, joined, subtype="channel_join")
        )
        self._site.state.tell_all({"type": "channels"})
        self.tell_app("member_joined_channel", payloads.member_joined_channel(self._site, channel, user))
        return Outcome()

    def _whisper(self, user: str, channel: str, text: str) -> None:
        ts = self._site.state.mint_ts()
        self._site.state.add(Message(channel, ts, SLACKBOT, text, ephemeral_to=user))

    # --- clicking ---

    async def click(
        self, spot: Spot, action_id: str, block_id: str = "", value: str | None = None, choice: Choice = None
    ) -> Outcome:
        """Press a button or choose something that is displayed there; raises NotOffered if it is not."""
        holder = self._holder(spot)
        placed = find(holder.blocks, action_id, block_id, value)
        chosen_value = self._choose(spot.user, holder, placed, choice)
        if not placed.dispatches:
            return Outcome()
        action = as_action(placed, chosen_value, self._site.state.mint_ts())
        if isinstance(holder, Message):
            payload = payloads.actions_on_message(self._site, spot.user, holder, action)
        else:
            payload = payloads.actions_on_view(self._site, spot.user, holder, action)
        answer = await self._site.delivery.deliver("interactive", payload)
        return Outcome(answer.error) if isinstance(answer, NotAcked) else Outcome()

    async def suggest(self, spot: Spot, action_id: str, block_id: str, typed: str) -> Outcome:
        """The options the app offers for what was typed into an external select."""
        holder = self._holder(spot)
        placed = find(holder.blocks, action_id, block_id)
        if isinstance(holder, Message):
            place = payloads.on_message(self._site, holder)
        else:
            place = payloads.on_view(self._site, holder)
        ids = (placed.block_id, placed.action_id)
        payload = payloads.block_suggestion(self._site, spot.user, ids, typed, place)
        answer = await self._site.delivery.deliver("interactive", payload)
        if isinstance(answer, NotAcked):
            return Outcome(answer.error)
        groups = answer.payload.get("option_groups") or []
        options = [*(answer.payload.get("options") or []), *(o for g in groups for o in g["options"])]
        self._site.state.suggestions[spot.user, *ids] = options[:100]
        return Outcome(more={"options": options[:100]})

    def _holder(self, spot: Spot) -> Message | View:
        state = self._site.state
        if spot.view_id or not spot.ts:
            view = state.views.get(spot.view_id) or state.homes.get(spot.user)
            if view is None or view.user != spot.user or (spot.view_id and view.id != spot.view_id):
                raise NotOffered("That view is not open.")
            return view
        message = state.message(spot.channel, spot.ts)
        seen = message and message.visible_to(spot.user) and state.sees(spot.user, spot.channel)
        if message is None or not seen:
            raise NotOffered("That message is not displayed.")
        return message

    def _choose(self, user: str, holder: Message | View, placed: Placed, choice: Choice) -> Json:
        state = self._site.state
        suggested = state.suggestions.get((user, placed.block_id, placed.action_id), [])
        value = chosen(placed, choice, suggested, self._knows)
        if placed.is_stateful:
            key = (user, holder.ts if isinstance(holder, Message) else holder.id)
            state.choices[key] = initial_values(holder.blocks, state.choices.get(key, {}))
            state.choices[key].setdefault(placed.block_id, {})[placed.action_id] = value
        return value

    def _knows(self, some_id: str) -> bool:
        workspace = self._site.workspace
        known = workspace.member(some_id) or workspace.channel(some_id) or self._site.state.dm_person(some_id)
        return bool(known) or some_id == workspace.bot.user_id

    # --- modals ---

    async def submit(self, user: str, view_id: str, values: Mapping[str, Any]) -> Outcome:
        """Fill in a modal and submit it. `values`: by action id, or by block id and then action id."""
        view = self._top_modal(user, view_id)
        key = (user, view.id)
        self._site.state.choices[key] = initial_values(view.blocks, self._site.state.choices.get(key, {}))
        for action_id, block_id, choice in _flat(values):
            self._choose(user, view, find(view.blocks, action_id, block_id), choice)
        if problems := problems_of(view.blocks, self._site.state.choices[key]):
            return Outcome("validation_errors", {"errors": problems})
        payload = payloads.view_submission(self._site, view)
        answer = await self._site.delivery.deliver("interactive", payload)
        return self._submitted(view, answer)

    def _submitted(self, view: View, answer: Acked | NotAcked) -> Outcome:
        if isinstance(answer, NotAcked):
            return Outcome(answer.error)
        current = self._site.state.views.get(view.id)
        if current is None:
            return Outcome(more={"closed": True})
        try:
            return self._do_response(current, answer.payload)
        except SlackRefusal as refusal:
            return Outcome("invalid_view_response", {"detail": refusal.code} | refusal.more)

    def _do_response(self, view: View, payload: Json) -> Outcome:
        action = payload.get("response_action")
        if action == "errors":
            return _form_errors(view, payload.get("errors") or {})
        if action == "clear":
            self._site.state.close_view(view, everything=True)
        elif action == "update":
            self._site.state.replace_view(with_body(self._site, view, refuse_invalid(payload.get("view"))))
        elif action == "push":
            push_onto(self._site, view.user, refuse_invalid(payload.get("view")))
        elif action:
            raise SlackRefusal("invalid_response_action")
        else:
            self._site.state.close_view(view)
        return Outcome(more={"closed": view.id not in self._site.state.views})

    async def close(self, user: str, view_id: str, *, everything: bool = False) -> Outcome:
        """Close a modal without submitting it; `everything` is the cross, which takes the whole stack."""
        view = self._top_modal(user, view_id)
        everything = everything or bool(view.body.get("clear_on_close"))
        told = [v for v in self._site.state.open_stack(user) if everything or v.id == view.id]
        closed = [
            payloads.view_closed(self._site, v, is_cleared=everything)
            for v in told
            if v.body.get("notify_on_close")
        ]
        self._site.state.close_view(view, everything=everything)
        for payload in closed:
            await self._site.delivery.deliver("interactive", payload)
        return Outcome(more={"closed": True})

    def _top_modal(self, user: str, view_id: str) -> View:
        stack = self._site.state.open_stack(user)
        if not stack or stack[-1].id != view_id:
            raise NotOffered("That modal is not the one in front.")
        return stack[-1]

    # --- events ---

    def open_home(self, user: str, tab: str) -> Outcome:
        self.tell_app("app_home_opened", payloads.app_home_opened(self._site, user, tab))
        return Outcome()

    def tell_app(self, event: str, payload: Json) -> None:
        """Send an event in the background, if the app subscribes to it."""
        subscribed = self._site.bot.events
        if subscribed is not None and event not in subscribed:
            return
        task: asyncio.Task[object] = asyncio.get_running_loop().create_task(
            self._site.delivery.deliver_event(payload)
        )
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def stop(self) -> None:
        for task in list(self._tasks):
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)


def escaped(text: str) -> str:
    """Text as Slack stores what people type: three characters are escaped, and no others."""
    return text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")


def _form_errors(view: View, errors: Mapping[str, str]) -> Outcome:
    inputs = {placed.block_id for placed in placed_in(view.blocks) if placed.block["type"] == "input"}
    if not errors or not errors.keys() <= inputs:
        raise SlackRefusal("invalid_errors", {"errors": dict(errors), "inputs": sorted(inputs)})
    return Outcome("validation_errors", {"errors": dict(errors)})


def _flat(values: Mapping[str, Any]) -> list[tuple[str, str, Choice]]:
    flat: list[tuple[str, str, Choice]] = []
    for name, choice in values.items():
        if isinstance(choice, Mapping):
            flat += [(action_id, name, inner) for action_id, inner in choice.items()]
        else:
            flat.append((name, "", choice))
    return flat
