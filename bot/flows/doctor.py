"""The Slack side of the doctor: who may ask, and what can be told when no worker is there to look.

Nothing of AWS: that is a worker's to look at. Nothing is kept but the refusal of somebody who may not ask.
"""

from datetime import timedelta
from secrets import token_hex

from bot import __version__
from bot.domain.audit import AuditEvent
from bot.domain.doctor import CHECKS, Report, group, skipped
from bot.domain.doctor_guards import AT_DOCTOR
from bot.domain.guards import Refused, first_refusal
from bot.domain.pause import Turning
from bot.flows.ask import Decider
from bot.flows.desk import Desk
from bot.flows.engine import LOOKS
from bot.flows.probing import run_probes
from bot.store import audit, operations

WORKER_SILENT = timedelta(seconds=15)
"""A worker that was not heard of for so long would not take the work."""
LONGEST_SECONDS = 90.0
"""Somebody in Slack waits."""


def ask_doctor(desk: Desk, decider: Decider) -> Report | Refused | None:
    """Have a worker look at everything, and tell whoever asked: None. Without one, what is seen from here."""
    refusal = _refusal(desk, decider)
    if refusal is not None:
        return refusal
    return None if _enqueued(desk, decider) else report_without_worker(desk)


def report_without_worker(desk: Desk) -> Report:
    """Settings, database and Slack; of AWS, that nobody is there to look at it."""
    found = run_probes(desk.probes(), seconds=LONGEST_SECONDS)
    text = "Not looked at: no worker is alive, and nobody else talks to AWS."
    unseen = [skipped(check, text) for check in CHECKS if check.startswith("aws.")]
    return Report(__version__, desk.clock(), group([*found, *unseen]))


def _enqueued(desk: Desk, decider: Decider) -> bool:
    """Whether a worker was there to be asked."""
    with desk.engine.begin() as connection:
        if not operations.read_alive(connection, since=desk.pulse() - WORKER_SILENT):
            return False
        click, key = decider.click, f"doctor:{token_hex(8)}"
        user_id, channel = click.person.user_id, click.channel_id
        desk.enqueue(connection, "doctor", user_id, channel, queue=LOOKS, key=key)
    return True


def _refusal(desk: Desk, decider: Decider) -> Refused | None:
    context = Turning(desk.policy, decider.click, decider.facts, decider.group_members)
    refusal = first_refusal(AT_DOCTOR, context)
    if refusal is not None:
        person = decider.click.person
        event = AuditEvent(
            kind="doctor.refused",
            at=desk.clock(),
            actor=f"{person.team_id}/{person.user_id}",
            outcome=f"<@{person.user_id}> wanted the doctor's report. {refusal.reason}",
            detail=(("guard", refusal.guard),),
        )
        with desk.engine.begin() as connection:
            audit.record(connection, event, channel=desk.audit_channel)
    return refusal
