"""`/support-role pause` and `resume`: the kill switch, for administrators; everybody else is on record."""

from bot.domain.guards import Refused
from bot.flows import pause as switch
from bot.slack.blocks.pause import paused_message, resumed_message
from bot.slack.incoming import Incoming
from bot.slack.reception import Reception


def pause(reception: Reception, incoming: Incoming, words: str) -> None:
    """Pause fixes and undos; whatever follows the word is the reason."""
    decider = reception.people.decider(incoming.person, incoming.channel)
    answer = switch.pause(reception.desk, decider, words)
    if isinstance(answer, Refused):
        reception.answers.refuse(incoming, answer, title="Not paused")
    elif answer.pause is not None:
        message = paused_message(answer.pause, is_new=answer.is_new, pending=answer.pending)
        reception.answers.give(incoming, message)


def resume(reception: Reception, incoming: Incoming, words: str) -> None:  # noqa: ARG001 - every command's
    """Let fixes and undos go on."""
    decider = reception.people.decider(incoming.person, incoming.channel)
    answer = switch.resume(reception.desk, decider)
    if isinstance(answer, Refused):
        reception.answers.refuse(incoming, answer, title="Not resumed")
    else:
        message = resumed_message(answer.ended, pending=answer.pending)
        reception.answers.give(incoming, message)
