"""`/support-role doctor`: is everything right? For administrators; everybody else's asking is on record."""

from bot.domain.guards import Refused
from bot.flows.doctor import ask_doctor
from bot.slack.blocks.doctor import begun, report
from bot.slack.incoming import Incoming
from bot.slack.limits import is_within_limit
from bot.slack.reception import Reception


def show_doctor(reception: Reception, incoming: Incoming, _words: str) -> None:
    """Have a worker look and tell; where none is alive, tell so at once, with what is seen without one."""
    if not is_within_limit(reception, incoming):
        return
    decider = reception.people.decider(incoming.person, incoming.channel)
    answer = ask_doctor(reception.desk, decider)
    if isinstance(answer, Refused):
        reception.answers.refuse(incoming, answer, title="Not looked at")
    elif answer is None:
        reception.answers.give(incoming, begun())
    else:
        reception.answers.give(incoming, report(answer))
