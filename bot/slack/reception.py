"""What every story works with: the desk, Slack, and who people are. Stories run in threads, after the ack."""

from collections.abc import Callable
from dataclasses import dataclass

from slack_sdk import WebClient

from bot.domain.request import Person
from bot.flows.ask import Decider
from bot.flows.desk import Desk
from bot.slack.answers import Answers
from bot.slack.files import Files
from bot.slack.incoming import Incoming
from bot.slack.links import Links
from bot.slack.messenger import SlackMessenger
from bot.slack.open_homes import OpenHomes
from bot.slack.people import People
from bot.slack.views import Views

NOT_SERVED = "Not for you here"


@dataclass(frozen=True, slots=True)
class Reception:
    desk: Desk
    messenger: SlackMessenger
    people: People
    answers: Answers
    views: Views
    files: Files
    links: Links
    homes: OpenHomes

    def decider(self, incoming: Incoming) -> Decider:
        """Everything that guards want to know of whoever clicked, in a channel or on the home tab."""
        if incoming.is_home:
            return self.people.decider_at_home(incoming.person, self.desk.policy.approval_channel)
        return self.people.decider(incoming.person, incoming.channel)

    def why_not_served(self, person: Person) -> str:
        """Why somebody gets no answer but this sentence; empty for members of the configured workspaces."""
        if person.team_id not in self.desk.policy.team_ids:
            return "This bot serves the members of one workspace, and this is not it. Ask one of them."
        facts = self.people.facts(person.user_id)
        if facts is None:
            return "Slack could not say who you are just now, so nothing is shown. Try again in a minute."
        if facts.is_bot or facts.is_deleted or facts.is_stranger:
            return "Only members of this workspace are served. Ask one of them."
        if facts.is_restricted or facts.is_ultra_restricted:
            return "Guests are not shown the state of AWS accounts. Ask a full member of the workspace."
        return ""


def members_only(story: Callable[[Reception, Incoming], None]) -> Callable[[Reception, Incoming], None]:
    """The story, for members of the configured workspaces; everybody else is told why not."""

    def told(reception: Reception, incoming: Incoming) -> None:
        refusal = reception.why_not_served(incoming.person)
        if refusal:
            reception.answers.tell(incoming, NOT_SERVED, refusal)
        else:
            story(reception, incoming)

    return told


def build_reception(desk: Desk, client: WebClient) -> Reception:
    messenger = SlackMessenger(client)
    people = People(messenger, desk.policy.approver_groups)
    views = Views(client)
    answers = Answers(messenger, views)
    return Reception(desk, messenger, people, answers, views, Files(client), Links(client), OpenHomes())
