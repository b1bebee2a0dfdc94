"""Deciding: Approve and Deny on an approval message. Who lost, or may not, is told privately why."""

from bot.domain.guards import Refused
from bot.flows import ask
from bot.slack.blocks.fix import message_modal, plan_modal
from bot.slack.blocks.undo import removal_modal
from bot.slack.incoming import Incoming
from bot.slack.listeners.home import show_decided
from bot.slack.reception import Reception
from bot.store import requests


def approve(reception: Reception, incoming: Incoming) -> None:
    decider = reception.decider(incoming)
    answer = ask.approve(reception.desk, incoming.value, decider)
    if isinstance(answer, Refused):
        reception.answers.refuse(incoming, answer, title="Not approved")
    else:
        show_decided(reception, incoming)


def deny(reception: Reception, incoming: Incoming) -> None:
    decider = reception.decider(incoming)
    answer = ask.deny(reception.desk, incoming.value, decider)
    if isinstance(answer, Refused):
        reception.answers.refuse(incoming, answer, title="Not denied")
    else:
        show_decided(reception, incoming)


def show_plan(reception: Reception, incoming: Incoming) -> None:
    with reception.desk.engine.connect() as connection:
        request = requests.read_request(connection, incoming.value)
    if request is None:
        view = message_modal("The plan", "This request is not known here any more.")
    elif request.removal is not None:
        view = removal_modal(request, request.removal)
    else:
        view = plan_modal(request)
    reception.views.open(incoming.trigger_id, view)
