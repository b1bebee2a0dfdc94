"""What the doctor says: each thing that must be right, what is wrong with it, and how to mend it. Pure.

A probe looks at one thing and gives diagnoses, and probes of what can only be looked at after it.
"""

from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from enum import StrEnum

from bot.domain.audit import utc_text
from bot.domain.canonical import Json
from bot.domain.trust_notes import few

SCHEMA = "support-role/doctor/1"
WRONG_CLOCK = timedelta(seconds=60)
"""Signatures of Slack and AWS bear times; both refuse those that are minutes off."""
ODD_CLOCK = timedelta(seconds=10)
ACCOUNT, PERSON = "account", "person"


class State(StrEnum):
    WRONG = "wrong"
    WARNING = "warning"
    OK = "ok"
    SKIPPED = "skipped"
    """It was not looked at; the text says why."""


class Area(StrEnum):
    SETTINGS = "settings"
    STORE = "store"
    SLACK = "slack"
    AWS = "aws"


AREAS = {Area.SETTINGS: "Settings", Area.STORE: "Database", Area.SLACK: "Slack", Area.AWS: "AWS"}
"""What people call them."""

CHECKS = {
    "settings.read": "settings can be read",
    "settings.secrets": "secrets kept in AWS can be fetched",
    "settings.serving": "nothing is missing that serve needs",
    "settings.mode": "a mode is chosen",
    "settings.approvers": "more than one person may approve",
    "settings.admins": "somebody may pause",
    "settings.freeze": "freeze windows end",
    "settings.limits": "limits let something through",
    "settings.digest": "the digest has its time",
    "store.reach": "the database answers",
    "store.schema": "its tables are this version's",
    "store.audit": "the end of the audit chain is intact",
    "store.writable": "it can be written to",
    "store.wal": "SQLite lets two processes in",
    "store.disk": "there is room on the disk",
    "store.clock": "its clock and ours agree",
    "store.worker": "a worker is alive, and reaches AWS",
    "store.pause": "fixes are not paused",
    "store.outbox": "audit messages reach Slack",
    "store.scans": "scans end",
    "slack.token": "Slack takes the bot token",
    "slack.clock": "Slack's clock and ours agree",
    "slack.team": "the token's workspace is served",
    "slack.scopes": "the token has the manifest's scopes",
    "slack.socket": "Slack takes the app-level token",
    "slack.channel.approval": "the approval channel can be used",
    "slack.channel.audit": "the audit channel can be used",
    "slack.channel.digest": "the digest's channel can be used",
    "slack.groups": "the approver groups have members",
    "slack.approvers": "approvers are active full members",
    "slack.four-eyes": "a second person can always approve",
    "slack.admins": "administrators are active full members",
    "aws.environment": "calls go to AWS",
    "aws.credentials": "AWS takes the bot's own credentials",
    "aws.clock": "AWS's clock and ours agree",
    "aws.partition": "they are in the configured partition",
    "aws.organization": "the organization can be listed",
    "aws.accounts": "accounts are in scope",
    "aws.scan-role": "accounts can be read",
    "aws.principals": "principals that a fix trusts exist",
    "aws.remediation-role": "the role that fixes can be assumed",
    "aws.external-id": "nobody gets in without the external id",
}
"""Every check by its stable id, in the order in which they are shown, with what must be right."""
_PLACE = {check: place for place, check in enumerate(CHECKS)}
_STATES = tuple(State)


@dataclass(frozen=True, slots=True)
class Diagnosis:
    """What was found of one check; there may be several of one, each about other accounts or people."""

    id: str
    """One of CHECKS."""
    state: State
    text: str
    """A sentence; with `about` without its full stop, since their names follow."""
    next_step: str = ""
    about: tuple[str, ...] = ()
    """Names of the accounts or people that it is true of; empty where it is about none."""
    noun: str = ACCOUNT
    """What `about` names: accounts or people."""

    @property
    def area(self) -> Area:
        return Area(self.id.partition(".")[0])

    @property
    def sentence(self) -> str:
        """The text with the first few of those that it is about, and how many more there are."""
        if not self.about:
            return self.text
        count = len(self.about)
        where = f" in {count:,} account{'' if count == 1 else 's'}" if self.noun == ACCOUNT else ""
        return f"{self.text}{where}: {few(self.about)}."

    def as_json(self) -> dict[str, Json]:
        return {
            "id": self.id,
            "area": self.area.value,
            "state": self.state.value,
            "text": self.sentence,
            "next_step": self.next_step,
            "about": list(self.about),
        }


@dataclass(frozen=True, slots=True)
class Probe:
    """One look at one thing. `look` may take its time and may raise; whoever runs it bounds both."""

    id: str
    """The check that is to blame when the look itself fails."""
    look: "Callable[[], Iterable[Diagnosis | Probe]]"
    opens: tuple[str, ...] = ()
    """Checks that can only be looked at after this one."""
    about: tuple[str, ...] = ()
    seconds: float = 20.0
    """How long it may take."""

    def late(self) -> Diagnosis:
        step = "Look at the network between here and there (proxy, firewall, DNS), then ask again."
        return self._blamed(f"There was no answer within {self.seconds:g} s", step)

    def failed(self, kind: str) -> Diagnosis:
        """`kind` is the name of the fault's class: its words may hold what nobody should see."""
        step = "Run support-role doctor --log-level info: the log then says where."
        return self._blamed(f"It could not be looked at, for a fault of the look itself ({kind})", step)

    def refused(self, text: str) -> Diagnosis:
        """`text` is a fault's own, made for people: what, where, and what to do next."""
        return Diagnosis(self.id, State.WRONG, text, about=())

    def unopened(self, known: Iterable[str]) -> tuple[Diagnosis, ...]:
        """Diagnoses for what this probe should have led to and did not; `known` was looked at."""
        text = f"Not looked at, since {self.id} comes first"
        shut = [check for check in self.opens if check not in set(known)]
        return tuple(skipped(check, text if self.about else f"{text}.", self.about) for check in shut)

    def _blamed(self, text: str, step: str) -> Diagnosis:
        return Diagnosis(self.id, State.WRONG, text if self.about else f"{text}.", step, self.about)


def good(check: str, text: str, about: tuple[str, ...] = (), *, noun: str = ACCOUNT) -> Diagnosis:
    return Diagnosis(check, State.OK, text, "", about, noun)


def warning(
    check: str, text: str, step: str = "", about: tuple[str, ...] = (), *, noun: str = ACCOUNT
) -> Diagnosis:
    return Diagnosis(check, State.WARNING, text, step, about, noun)


def wrong(
    check: str, text: str, step: str = "", about: tuple[str, ...] = (), *, noun: str = ACCOUNT
) -> Diagnosis:
    return Diagnosis(check, State.WRONG, text, step, about, noun)


def skipped(check: str, why: str, about: tuple[str, ...] = ()) -> Diagnosis:
    return Diagnosis(check, State.SKIPPED, why, "", about)


def judge_clock(check: str, *, theirs: datetime, ours: datetime, whose: str) -> Diagnosis:
    """Compare a clock with this machine's, as both stood at the same moment."""
    off = theirs - ours
    seconds = abs(round(off.total_seconds()))
    direction = "behind" if off > timedelta() else "ahead of"
    text = f"This machine's clock is {seconds:,} s {direction} {whose}."
    step = "Let the machine's clock be set by NTP (chrony, systemd-timesyncd)."
    if abs(off) > WRONG_CLOCK:
        return wrong(check, text, step)
    if abs(off) > ODD_CLOCK:
        return warning(check, text, step)
    return good(check, f"{whose[0].upper()}{whose[1:]} and this machine's agree to {max(1, seconds)} s.")


def group(found: Iterable[Diagnosis]) -> tuple[Diagnosis, ...]:
    """The same trouble of many accounts as one diagnosis, in the order of CHECKS, the worst first."""
    together: dict[Diagnosis, list[str]] = {}
    for each in found:
        together.setdefault(replace(each, about=()) if each.about else each, []).extend(each.about)
    merged = [replace(each, about=tuple(sorted(set(about)))) for each, about in together.items()]
    return tuple(sorted(merged, key=lambda each: (_PLACE[each.id], _STATES.index(each.state), each.text)))


@dataclass(frozen=True, slots=True)
class Report:
    """All that was found, grouped."""

    version: str
    at: datetime
    diagnoses: tuple[Diagnosis, ...]

    @property
    def exit_code(self) -> int:
        """0 all right, 1 something is wrong, 2 the settings cannot be read; warnings change nothing."""
        if any(each.id == "settings.read" for each in self.of_state(State.WRONG)):
            return 2
        return 1 if self.of_state(State.WRONG) else 0

    @property
    def problems(self) -> tuple[Diagnosis, ...]:
        """What is wrong, then what is warned of."""
        return self.of_state(State.WRONG) + self.of_state(State.WARNING)

    @property
    def headline(self) -> str:
        """`2 wrong · 1 warning · 20 all right · 3 not looked at`, without what there is none of."""
        warnings = len(self.of_state(State.WARNING))
        counts = (
            (len(self.of_state(State.WRONG)), "wrong"),
            (warnings, "warning" if warnings == 1 else "warnings"),
            (len(self.of_state(State.OK)), "all right"),
            (len(self.of_state(State.SKIPPED)), "not looked at"),
        )
        told = [f"{count} {word}" for count, word in counts if count]
        return " · ".join(told if self.problems else ["Nothing is wrong", *told])

    def of_state(self, state: State) -> tuple[Diagnosis, ...]:
        return tuple(each for each in self.diagnoses if each.state is state)

    def of_area(self, area: Area) -> tuple[Diagnosis, ...]:
        return tuple(each for each in self.diagnoses if each.area is area)

    def as_json(self) -> dict[str, Json]:
        return {
            "schema": SCHEMA,
            "version": self.version,
            "at": utc_text(self.at),
            "checks": [each.as_json() for each in self.diagnoses],
            "summary": {state.value: len(self.of_state(state)) for state in State},
        }
