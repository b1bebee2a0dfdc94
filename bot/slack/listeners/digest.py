"""`/support-role digest`: show, change or end this channel's subscription; `now` posts one at once."""

from bot.domain.subscription import Schedule
from bot.domain.subscription_words import DigestWord, SubscriptionError, parse_subscription
from bot.flows.digest import ask_for_digest
from bot.flows.subscribe import Standing, read_standing, subscribe, unsubscribe, usual_schedule
from bot.slack.blocks.subscription import subscribed_message, subscription_message, unsubscribed_message
from bot.slack.incoming import Incoming
from bot.slack.reception import Reception


def digest_command(reception: Reception, incoming: Incoming, words: str) -> None:
    """Nothing after the word shows the subscription: posting in a channel takes a word of its own."""
    desk = reception.desk
    with desk.engine.connect() as connection:
        usual = usual_schedule(desk, connection, incoming.channel)
    asked = parse_subscription(words, usual)
    if isinstance(asked, SubscriptionError):
        step = "/support-role digest shows how it stands and what can be typed. Nothing was changed."
        reception.answers.tell(incoming, "That is no subscription", str(asked), step)
    elif isinstance(asked, Schedule):
        _subscribe(reception, incoming, asked)
    elif asked is DigestWord.NOW:
        ask_for_digest(desk, incoming.channel, incoming.person.user_id)
    elif asked is DigestWord.OFF:
        _unsubscribe(reception, incoming)
    else:
        _show(reception, incoming, read_standing(desk, incoming.channel))


def _subscribe(reception: Reception, incoming: Incoming, schedule: Schedule) -> None:
    standing = subscribe(reception.desk, incoming.channel, incoming.person, schedule)
    reception.answers.give(incoming, subscribed_message(schedule, standing.next_at))


def _unsubscribe(reception: Reception, incoming: Incoming) -> None:
    standing = unsubscribe(reception.desk, incoming.channel, incoming.person)
    if standing is None:
        # It is off already, and by whom is on record.
        _show(reception, incoming, read_standing(reception.desk, incoming.channel))
    else:
        reception.answers.give(incoming, unsubscribed_message())


def _show(reception: Reception, incoming: Incoming, standing: Standing) -> None:
    reception.answers.give(incoming, subscription_message(standing.subscription, standing.next_at))
