"""App Home: how things stand, what waits for whoever looks, and what they asked for; and its own buttons."""

import logging
from collections.abc import Callable
from datetime import timedelta

from sqlalchemy import Connection

from bot.domain.digest import TrendPoint
from bot.domain.errors import MessengerError
from bot.domain.home import Asked, DueDigest, HomePage, Reader, message_of
from bot.domain.request import Person
from bot.domain.scope import Scope
from bot.domain.status import Status
from bot.flows.desk import Desk
from bot.flows.scan import STALE_AFTER, read_status
from bot.flows.subscribe import read_standing, read_subscriptions
from bot.slack.blocks.home import DIGESTS_SHOWN, closed_home, home
from bot.slack.blocks.home_asked import LINES_SHOWN
from bot.slack.incoming import Incoming
from bot.slack.listeners.status import show_status
from bot.slack.reception import Reception
from bot.store import bulks, digests, history, requests, scans, waivers

log = logging.getLogger(__name__)

Story = Callable[[Reception, Incoming], None]
TREND = timedelta(days=29)
"""How far the trend goes back: with today, 30 days."""


def show_home(reception: Reception, incoming: Incoming) -> None:
    """Publish somebody's home tab. That Slack did not take it is logged: nobody waits for an answer."""
    try:
        refresh_home(reception, incoming)
    except MessengerError as fault:
        log.warning("home not shown", extra={"user": incoming.person.user_id, "problem": str(fault)})


def refresh_home(reception: Reception, incoming: Incoming) -> None:
    """Publish somebody's home tab; to whom nothing may be shown, why. Raises MessengerError."""
    person = incoming.person
    refusal = reception.why_not_served(person)
    if refusal:
        reception.views.publish_home(person.user_id, lambda _: closed_home(refusal))
        return
    page = _read(reception, person)
    reception.views.publish_home(person.user_id, lambda form: home(page, form=form))
    reception.homes.note(person)


def show_decided(reception: Reception, incoming: Incoming) -> None:
    """Publish the tabs anew that may show buttons of what was decided just now.

    Not that of whoever decided on their own tab: `home_again` does.
    """
    for person in reception.homes.recent():
        if not (incoming.is_home and person == incoming.person):
            show_home(reception, Incoming(person, channel="", trigger_id="", response_url=""))


def home_again(story: Story) -> Story:
    """The story and, where it was told on the home tab, that tab anew: its buttons are spent."""

    def told(reception: Reception, incoming: Incoming) -> None:
        story(reception, incoming)
        if incoming.is_home:
            show_home(reception, incoming)

    return told


def check_now(reception: Reception, incoming: Incoming) -> None:
    """Start a check; its status goes to whoever pressed as a direct message."""
    show_status(reception, incoming, "")


def _read(reception: Reception, person: Person) -> HomePage:
    desk = reception.desk
    # Slack first: no transaction is open while it is asked.
    decider = reception.people.decider_at_home(person, desk.policy.approval_channel)
    reader = Reader(desk.policy, decider.click, decider.facts, decider.group_members)
    with desk.engine.connect() as connection:
        status = _status(desk, connection)
        waiting = _waiting(connection)
        before = history.read_asked_by(connection, person, limit=LINES_SHOWN)
        in_force = waivers.read_in_force(connection, now=status.now).values()
        trend = _trend(desk, connection, status)
    ending = tuple(waiver for waiver in in_force if waiver.ends_soon(status.now))
    for_reader, own = reader.may_approve(waiting), reader.asked_for(waiting)
    for_others = tuple(each for each in waiting if each not in for_reader and each not in own)
    asked = (*own, *(each for each in before if each not in own))
    return HomePage(
        status=status,
        trend=trend,
        for_reader=for_reader,
        for_others=for_others,
        doubt=reader.doubt(),
        asked=asked,
        ending=ending,
        digests=_digests(desk),
        archive=_archive(reception, (*for_reader, *for_others, *asked)),
    )


def _status(desk: Desk, connection: Connection) -> Status:
    """How all accounts stand, and how far a check is that runs just now."""
    running = scans.read_running_scan(connection, scope="", since=desk.clock() - STALE_AFTER)
    scan_id = running.id if running else ""
    return read_status(desk, connection, scope=Scope(), words="", scan_id=scan_id)


def _waiting(connection: Connection) -> list[Asked]:
    """All that waits for a decision, of every kind."""
    reports = [bulks.read_report(connection, bulk.id) for bulk in bulks.read_pending(connection)]
    together = [report for report in reports if report is not None]
    return [*requests.read_pending(connection), *together, *waivers.read_pending(connection)]


def _trend(desk: Desk, connection: Connection, status: Status) -> tuple[TrendPoint, ...]:
    """What digests of the last days said, and what is known now."""
    if status.last_scan_at is None:
        return ()
    today = status.now.astimezone(desk.zone).date()
    before = digests.read_trend(connection, since=today - TREND, before=today)
    return (*before, TrendPoint(today, status.summary))


def _digests(desk: Desk) -> tuple[DueDigest, ...]:
    """The channels that get a digest; when the next is due, of as many as are shown."""
    with desk.engine.connect() as connection:
        found = read_subscriptions(desk, connection)
    first = [DueDigest(each, read_standing(desk, each.channel).next_at) for each in found[:DIGESTS_SHOWN]]
    return (*first, *(DueDigest(each, None) for each in found[DIGESTS_SHOWN:]))


def _archive(reception: Reception, asked: tuple[Asked, ...]) -> str:
    known = next((at for each in asked if (at := message_of(each))), None)
    return reception.links.archive(known)
