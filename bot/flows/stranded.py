"""Requests that are under way while nobody works at them: they are begun anew.

A workflow may end before its request does: its database was away for longer than it is waited for, or another
attempt had decided how the request ends and died before it had carried that out. Beginning anew changes
nothing twice: each step looks before it acts.
"""

import logging

from dbos import DBOS

from bot.domain.request import Outcome, RemediationRequest, RequestKind, RequestState
from bot.flows.ask import KIND_WORDS, WORKFLOWS
from bot.flows.desk import Desk
from bot.flows.engine import FIXES
from bot.flows.prepare import end_request
from bot.store import requests

log = logging.getLogger(__name__)

ALIVE = frozenset({"PENDING", "ENQUEUED", "DELAYED"})
"""The engine's words for a workflow that runs, or will."""

TIMES = 5
"""How often one is begun anew: what ends its worker each time must not end all of them for ever."""

NOT_KNOWN = {
    RequestKind.FIX: "Whether {arn} was created is not known.",
    RequestKind.UNDO: "Whether {arn} was taken away is not known.",
}


def restart_stranded(desk: Desk) -> None:
    """Put requests on the queue again whose every workflow has ended though they have not."""
    with desk.engine.connect() as connection:
        under_way = requests.read_under_way(connection)
    for request in under_way:
        _restart_if_stranded(desk, request)


def _restart_if_stranded(desk: Desk, request: RemediationRequest) -> None:
    workflow = WORKFLOWS[request.kind]
    key = f"{workflow}:{request.id}"
    known = DBOS.list_workflows(workflow_id_prefix=key, load_input=False, load_output=False)
    # Of a part of a bulk request there is none before its turn comes.
    if not known or any(one.status in ALIVE for one in known):
        return
    if len(known) > TIMES:
        _give_up(desk, request, len(known))
        return
    with desk.engine.begin() as connection:
        now = requests.read_request(connection, request.id)
        if now is not None and now.state is request.state:
            log.warning("begun anew", extra={"request": request.id, "state": request.state.value})
            # The key is the same for all who notice it at once.
            desk.enqueue(connection, workflow, request.id, queue=FIXES, key=f"{key}:{len(known)}")


def _give_up(desk: Desk, request: RemediationRequest, times: int) -> None:
    """End it as failed, with what may be there: left under way, it would shut its account for ever."""
    if request.state is not RequestState.APPLYING or request.plan is None:
        return
    log.error("given up", extra={"request": request.id, "times": times})
    text = f"{KIND_WORDS[request.kind]} was begun {times} times and came to no end. The log has it under "
    outcome = Outcome(
        f"{text}{request.id}.",
        "Look at the role by hand, then ask again.",
        left_behind=NOT_KNOWN[request.kind].format(arn=request.plan.role_arn),
    )
    end_request(
        desk,
        request,
        before=RequestState.APPLYING,
        after=RequestState.FAILED,
        outcome=outcome,
        is_decided=request.ending is not None,
    )
