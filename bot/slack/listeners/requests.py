"""`/support-role requests`: what waits for a decision and what is under way, privately."""

from bot.slack.blocks.requests import requests as requests_message
from bot.slack.incoming import Incoming
from bot.slack.reception import Reception
from bot.store import bulks, requests, waivers


def show_requests(reception: Reception, incoming: Incoming, _words: str) -> None:
    """All of them, whatever else was typed: what there is about one account its history shows."""
    desk = reception.desk
    with desk.engine.connect() as connection:
        alone = requests.read_open(connection)
        open_bulks = [*bulks.read_pending(connection), *bulks.read_at_work(connection)]
        reports = [bulks.read_report(connection, bulk.id) for bulk in open_bulks]
        waiting = waivers.read_pending(connection)
    together = [report for report in reports if report is not None]
    reception.answers.give(incoming, requests_message(alone, together, waiting, now=desk.clock()))
