"""The people of settings under the doctor's eyes: approvers, their groups, and administrators."""

from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from bot.domain.doctor import PERSON, Diagnosis, Probe, good, skipped, warning, wrong
from bot.domain.errors import MessengerError
from bot.settings import Settings

MOST_PEOPLE = 40
"""So many are looked up: users.info allows 100 a minute, and the bot needs some of those itself."""
PEOPLE_SECONDS = 60.0
APPROVER_CHECKS = ("slack.approvers", "slack.four-eyes")

Read = Callable[..., Mapping[str, Any]]
"""Method, whom it is about, arguments by name; raises MessengerError."""


@dataclass(slots=True)
class _Looked:
    """Who was looked up, and what became of it."""

    able: list[str] = field(default_factory=list)
    unable: dict[str, list[str]] = field(default_factory=dict)
    """By what they are: the names of those who may decide nothing."""
    untold: list[str] = field(default_factory=list)
    """Those whom Slack said nothing of, or who were not asked about."""


@dataclass(frozen=True, slots=True)
class PeopleDoctor:
    settings: Settings
    read: Read

    def probes(self) -> Iterator[Diagnosis | Probe]:
        fix, admins = self.settings.remediation, self.settings.slack.admins
        if fix.mode == "off":
            for check in ("slack.groups", *APPROVER_CHECKS):
                yield skipped(check, "Nothing is approved while remediation.mode is off.")
        elif not fix.approvers and not fix.approver_groups:
            for check in ("slack.groups", *APPROVER_CHECKS):
                yield skipped(check, "No approvers are configured.")
        else:
            yield Probe("slack.groups", self.groups, APPROVER_CHECKS)
        if admins:
            yield Probe("slack.admins", self.admins, seconds=PEOPLE_SECONDS)
        else:
            yield skipped("slack.admins", "No administrators are configured.")

    def groups(self) -> Iterator[Diagnosis | Probe]:
        check, fix = "slack.groups", self.settings.remediation
        members: set[str] = set()
        if not fix.approver_groups:
            yield skipped(check, "No approver groups are configured.")
        for group in fix.approver_groups:
            try:
                answer = self.read("usergroups.users.list", group, usergroup=group)
            except MessengerError as fault:
                text, _, step = fault.text.partition(". ")
                yield wrong(check, f"{text}. Nobody in that group may approve.", step)
                continue
            found = [str(user) for user in answer.get("users") or ()]
            members.update(found)
            yield _judge_group(group, found)
        everybody = sorted({*fix.approvers, *members})
        yield Probe("slack.approvers", lambda: self.approvers(everybody), APPROVER_CHECKS, (), PEOPLE_SECONDS)

    def approvers(self, everybody: Sequence[str]) -> Iterator[Diagnosis]:
        looked = self._look_up(everybody)
        yield from _unable("slack.approvers", looked, "and cannot approve")
        if looked.able:
            yield good(
                "slack.approvers", "Active full members who may approve", tuple(looked.able), noun=PERSON
            )
        yield _four_eyes(looked)

    def admins(self) -> Iterator[Diagnosis]:
        check = "slack.admins"
        looked = self._look_up(self.settings.slack.admins)
        yield from _unable(check, looked, "and cannot pause or resume")
        if looked.able:
            yield good(check, "Active full members who may pause and resume", tuple(looked.able), noun=PERSON)
        elif not looked.untold:
            step = "Name an active full member in slack.admins."
            yield wrong(check, "Nobody may pause fixes: no administrator is an active full member.", step)

    def _look_up(self, everybody: Collection[str]) -> _Looked:
        looked = _Looked()
        for number, user_id in enumerate(everybody):
            if number >= MOST_PEOPLE:
                looked.untold.append(user_id)
                continue
            try:
                user = self.read("users.info", user_id, user=user_id).get("user") or {}
            except MessengerError as fault:
                if fault.code == "user_not_found":
                    looked.unable.setdefault("not known to Slack", []).append(user_id)
                else:
                    looked.untold.append(user_id)
                continue
            self._judge(user_id, user, looked)
        return looked

    def _judge(self, user_id: str, user: Mapping[str, Any], looked: _Looked) -> None:
        name = f"{user.get('real_name') or user.get('name') or user_id} ({user_id})"
        what = self._why_not(user)
        if what:
            looked.unable.setdefault(what, []).append(name)
        else:
            looked.able.append(name)

    def _why_not(self, user: Mapping[str, Any]) -> str:
        """What keeps somebody from deciding anything, as the guards have it; empty when nothing does."""
        if user.get("deleted"):
            return "deactivated"
        if user.get("is_bot") or user.get("is_workflow_bot"):
            return "a bot"
        if user.get("is_restricted") or user.get("is_ultra_restricted"):
            return "a guest"
        if user.get("is_stranger") or user.get("team_id") not in self.settings.slack.team_ids:
            return "of another workspace"
        return ""


def _judge_group(group: str, members: Sequence[str]) -> Diagnosis:
    if not members:
        step = "Add people to it in Slack, or name another one in remediation.approver_groups."
        return wrong("slack.groups", f"The approver group {group} has no members.", step)
    count = "1 member" if len(members) == 1 else f"{len(members):,} members"
    return good("slack.groups", f"The approver group {group} has {count}.")


def _unable(check: str, looked: _Looked, so: str) -> Iterator[Diagnosis]:
    for what, names in looked.unable.items():
        step = "Take them out of settings or of the group, or name somebody else in their place."
        yield warning(check, f"{what[0].upper()}{what[1:]}, {so}", step, tuple(names), noun=PERSON)
    if looked.untold:
        text = (
            f"Not looked up ({len(looked.untold):,} more)"
            if looked.able
            else "Slack did not say who they are"
        )
        yield skipped(check, f"{text}: {', '.join(looked.untold[:3])}.")


def _four_eyes(looked: _Looked) -> Diagnosis:
    check, count = "slack.four-eyes", len(looked.able) + len(looked.untold)
    step = "Name a second person in remediation.approvers, or add one to an approver group."
    if count == 0:
        return wrong(check, "Nobody can approve anything: no approver is an active full member.", step)
    if count == 1:
        text = "One person alone can approve: what they ask for themselves, nobody can approve."
        return warning(check, text, step)
    if len(looked.able) < 2:
        return skipped(check, "Slack did not say of two approvers that they are active full members.")
    return good(check, "Whoever asks, a second person can approve.")
