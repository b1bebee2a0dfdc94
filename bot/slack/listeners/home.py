"""App Home: how things stand, and what waits for a decision."""

from bot.domain.scope import Scope
from bot.flows.scan import read_status
from bot.slack.blocks.home import home
from bot.slack.incoming import Incoming
from bot.slack.reception import Reception
from bot.store import bulks, requests, waivers


def show_home(reception: Reception, incoming: Incoming) -> None:
    if reception.why_not_served(incoming.person):
        return
    with reception.desk.engine.connect() as connection:
        status = read_status(reception.desk, connection, scope=Scope(), words="")
        waiting = requests.read_pending(connection)
        waivers_waiting = waivers.read_pending(connection)
        bulks_waiting = bulks.read_pending(connection)
    view = home(status, waiting, waivers_waiting, bulks_waiting)
    reception.views.publish_home(incoming.person.user_id, view)
