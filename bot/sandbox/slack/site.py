"""The parts of one running Slack, held together for the routes that use them."""

from dataclasses import dataclass, field

from bot.sandbox.slack.delivery import Delivery
from bot.sandbox.slack.limits import Limiter
from bot.sandbox.slack.messages import Message, View
from bot.sandbox.slack.sockets import Sockets
from bot.sandbox.slack.state import State
from bot.sandbox.slack.workspace import Bot, Json, Workspace


class SlackRefusal(Exception):  # noqa: N818 - it is Slack's answer, not a fault of this server
    """An answer with `ok: false`. `code` is Slack's error code; `more` goes into the answer."""

    def __init__(self, code: str, more: Json | None = None) -> None:
        super().__init__(code, more)
        self.code = code
        self.more = more or {}


@dataclass(slots=True)
class Site:
    state: State
    sockets: Sockets
    limiter: Limiter
    delivery: Delivery
    """The way to the app: `sockets`, unless it is reached over HTTP."""
    base_url: str = ""
    outage_until: float = 0.0
    failures: dict[str, list[str]] = field(default_factory=dict)
    """Error codes that the next calls of a method get, to try out what an app does then."""

    @property
    def workspace(self) -> Workspace:
        return self.state.workspace

    @property
    def bot(self) -> Bot:
        return self.workspace.bot

    @property
    def is_out(self) -> bool:
        return self.state.clock() < self.outage_until

    def show_message(self, message: Message) -> Json:
        return message.as_slack(self.bot, self.workspace.team_id)

    def show_view(self, view: View) -> Json:
        values = self.state.choices.get((view.user, view.id), {})
        return view.as_slack(self.bot, self.workspace.team_id, values)
