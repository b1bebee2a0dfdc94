"""The organization that the sandbox plays: twelve accounts with a story each, and as many more as are wanted.

Pure values. `bot.sandbox.aws` plants them; what each account should get from the check stands beside it, and
a test holds the real rule against that.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from bot.domain.account import AccountState
from bot.domain.finding import Verdict
from bot.sandbox.landing_zone import (
    INCIDENT_ROLE,
    MANAGEMENT_ID,
    MFA,
    SUPPORT_POLICY,
    SUPPORT_ROLE,
    RoleStory,
    admin_role,
    arn_in,
    aws_managed,
    bot_policy,
    bot_roles,
    incident_role,
    support_role,
    trusting,
)
from bot.sandbox.slack.workspace import ANA, PRIYA, RILEY, SAM

STORIES = 12
"""Accounts that are told one by one; those beyond are generated."""


@dataclass(frozen=True, slots=True)
class UserStory:
    name: str
    policies: tuple[str, ...] = ()
    inline: tuple[tuple[str, str], ...] = ()


@dataclass(frozen=True, slots=True)
class Story:
    """One account, and what the check should say of it."""

    id: str
    name: str
    about: str
    """The story in one sentence, for people."""
    verdict: Verdict
    ou: str = ""
    """Path of organizational unit names; empty in the root."""
    owner: str = ""
    """Slack user id in the sandbox's workspace."""
    tags: tuple[tuple[str, str], ...] = ()
    state: AccountState = AccountState.ACTIVE
    roles: tuple[RoleStory, ...] = ()
    users: tuple[UserStory, ...] = ()
    saml_providers: tuple[str, ...] = ()

    @property
    def incident_manager(self) -> str:
        return f"arn:aws:iam::{self.id}:role/{INCIDENT_ROLE}"


@dataclass(frozen=True, slots=True)
class World:
    management: Story
    members: tuple[Story, ...]

    @property
    def stories(self) -> tuple[Story, ...]:
        return (self.management, *self.members)

    def story(self, name: str) -> Story:
        """The account of that name; KeyError when there is none."""
        return {each.name: each for each in self.stories}[name]


def sandbox_world(accounts: int = STORIES) -> World:
    """The organization with so many member accounts; the twelve stories are always among them."""
    generated = tuple(_generated(number) for number in range(max(0, accounts - STORIES)))
    return World(_management(), (*_stories(), *generated))


def _management() -> Story:
    trust = trusting({"AWS": arn_in(MANAGEMENT_ID, f"role/{INCIDENT_ROLE}")})
    return Story(
        MANAGEMENT_ID,
        "northwind-management",
        "The management account, where the bot itself lives. It is protected: nothing is changed here.",
        Verdict.PASS,
        owner=PRIYA,
        tags=(("team", "cloud-platform"), ("env", "prod")),
        roles=(incident_role(MANAGEMENT_ID), support_role("aws-support", trust)),
        users=(
            UserStory("support-role-bot", inline=(("support-role-bot", bot_policy()),)),
            UserStory("sandbox-admin", (aws_managed("AdministratorAccess"),)),
        ),
    )


def _member(
    account_id: str,
    name: str,
    verdict: Verdict,
    about: str,
    *roles: RoleStory,
    with_incident_role: bool = True,
    with_bot_roles: bool = True,
    **more: Any,
) -> Story:
    """A member account with the roles that every account of this organization has, and its own."""
    everywhere = [admin_role()]
    everywhere += [incident_role(account_id)] if with_incident_role else []
    everywhere += bot_roles(account_id) if with_bot_roles else ()
    return Story(account_id, name, about, verdict, roles=(*everywhere, *roles), **more)


def _tags(team: str, env: str) -> tuple[tuple[str, str], ...]:
    return (("team", team), ("env", env))


def _stories() -> Iterator[Story]:
    yield _member(
        "111122223333",
        "payments-prod",
        Verdict.FAIL,
        "No role carries the policy, and the people who would use it are there: the fix works.",
        ou="Workloads/Prod",
        owner=RILEY,
        tags=_tags("payments", "prod"),
    )
    yield _member(
        "222233334444",
        "data-lake",
        Verdict.PASS,
        "A role carries the policy and names who may assume it.",
        support_role("SupportAccess", trusting({"AWS": arn_in("222233334444", f"role/{INCIDENT_ROLE}")})),
        ou="Workloads/Prod",
        owner=ANA,
        tags=_tags("data", "prod"),
    )
    yield _federated()
    yield _member(
        "444455556666",
        "core-network",
        Verdict.PASS,
        "The role trusts the whole account, with multi-factor authentication: fine, and noted.",
        support_role("NetworkSupport", trusting({"AWS": arn_in("444455556666", "root")}, Condition=MFA)),
        ou="Infrastructure",
        owner=SAM,
        tags=_tags("network", "prod"),
    )
    yield _open_to_everyone()
    yield _member(
        "666677778888",
        "ml-research",
        Verdict.WEAK,
        "The user whom the role trusted was deleted, so nobody can assume it any more.",
        support_role("MlSupport", trusting({"AWS": "AIDAJQABLZS4A3QDU576Q"})),
        ou="Workloads/Dev",
        owner=ANA,
        tags=_tags("research", "dev"),
    )
    yield _member(
        "777788889999",
        "batch-jobs",
        Verdict.WEAK,
        "Only an AWS service can assume the role: no human gets in.",
        support_role("BatchSupport", trusting({"Service": "ec2.amazonaws.com"})),
        ou="Workloads/Prod",
        owner=SAM,
        tags=_tags("batch", "prod"),
    )
    yield from _failures()
    yield _member(
        "345634563456",
        "acquired-robotics",
        Verdict.UNKNOWN,
        "Came with an acquisition, and the bot's roles were never deployed: it cannot be read.",
        with_bot_roles=False,
        ou="Acquisitions",
        owner=PRIYA,
        tags=_tags("robotics", "prod"),
    )
    yield Story(
        "456745674567",
        "old-intranet",
        "Suspended: AWS lets nobody in, so it is skipped.",
        Verdict.SKIPPED,
        ou="Suspended",
        owner=PRIYA,
        tags=_tags("it", "retired"),
        state=AccountState.SUSPENDED,
    )


def _federated() -> Story:
    provider = arn_in("333344445555", "saml-provider/Okta")
    audience = {"StringEquals": {"SAML:aud": "https://signin.aws.amazon.com/saml"}}
    trust = trusting({"Federated": provider}, Action="sts:AssumeRoleWithSAML", Condition=audience)
    return _member(
        "333344445555",
        "checkout-prod",
        Verdict.PASS,
        "People sign in through the company's identity provider, which exists.",
        support_role("SupportFederated", trust),
        ou="Workloads/Prod",
        owner=RILEY,
        tags=_tags("checkout", "prod"),
        saml_providers=("Okta",),
    )


def _open_to_everyone() -> Story:
    sound = trusting({"AWS": arn_in("555566667777", f"role/{INCIDENT_ROLE}")})
    return _member(
        "555566667777",
        "marketing-site",
        Verdict.WEAK,
        "A forgotten role lets in anybody in any AWS account; the sound one beside it does not mend that.",
        support_role("agency-support", trusting({"AWS": "*"})),
        support_role("SupportAccess", sound),
        ou="Workloads/Prod",
        owner=RILEY,
        tags=_tags("marketing", "prod"),
    )


def _failures() -> Iterator[Story]:
    yield _member(
        "888899990000",
        "<!channel> *dev* \N{TEST TUBE}",
        Verdict.FAIL,
        "Somebody gave the policy to a user, not to a role; and gave the account a name full of markup.",
        ou="Workloads/Dev",
        owner=SAM,
        tags=_tags("playground", "dev"),
        users=(UserStory("jordan", (SUPPORT_POLICY,)),),
    )
    strangers = trusting({"AWS": arn_in("123412341234", f"role/{INCIDENT_ROLE}")})
    yield _member(
        "123412341234",
        "mobile-backend",
        Verdict.FAIL,
        "A role of the name that a fix would use is there already, made by someone else: the fix is refused.",
        RoleStory(SUPPORT_ROLE, strangers, (aws_managed("ReadOnlyAccess"),)),
        ou="Workloads/Prod",
        owner=ANA,
        tags=_tags("mobile", "prod"),
    )
    yield _member(
        "234523452345",
        "partner-portal",
        Verdict.FAIL,
        "The role that a fix would trust does not exist; the policy only bounds another role.",
        RoleStory("PortalRuntime", trusting({"Service": "lambda.amazonaws.com"}), boundary=SUPPORT_POLICY),
        with_incident_role=False,
        ou="Workloads/Dev",
        owner=RILEY,
        tags=_tags("portal", "dev"),
    )


_TEAMS = ("search", "billing", "catalog", "logistics", "identity", "telemetry", "fraud", "pricing")
_STAGES = ("prod", "staging", "dev")
_OWNERS = (RILEY, ANA, SAM, PRIYA)


def _generated(number: int) -> Story:
    """One of the many: most are fine, every ninth lacks a role, a few are weak or cannot be read."""
    account_id = f"{600_000_000_000 + number * 7919:012d}"
    team, stage = _TEAMS[number % len(_TEAMS)], _STAGES[number // len(_TEAMS) % len(_STAGES)]
    verdict = _generated_verdict(number)
    trust = {
        Verdict.PASS: trusting({"AWS": arn_in(account_id, f"role/{INCIDENT_ROLE}")}),
        Verdict.WEAK: trusting({"AWS": f"AROA{number:017d}"}),
    }
    return _member(
        account_id,
        f"{team}-{stage}-{number:04d}",
        verdict,
        "One of the many.",
        *([support_role("SupportAccess", trust[verdict])] if verdict in trust else []),
        with_bot_roles=verdict is not Verdict.UNKNOWN,
        ou=f"Workloads/{'Prod' if stage == 'prod' else 'Dev'}",
        owner=_OWNERS[number % len(_OWNERS)],
        tags=_tags(team, stage),
    )


def _generated_verdict(number: int) -> Verdict:
    if number % 97 == 96:
        return Verdict.UNKNOWN
    if number % 9 == 8:
        return Verdict.FAIL
    return Verdict.WEAK if number % 31 == 30 else Verdict.PASS
