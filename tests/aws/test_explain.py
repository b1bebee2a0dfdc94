"""The deeper look: moto for what is there, the stand-in for what is denied and for which calls are made."""

import asyncio
import json
from collections.abc import Callable
from typing import Any
from urllib.parse import quote

import pytest

from bot.aws.boto3_reader import Boto3Reader
from bot.aws.explain import EXPLAIN_ACTIONS, look_deeper, read_deep
from bot.aws.reader import Reader
from bot.aws.sessions import AwsConfig
from bot.domain.account import Account, AccountState
from bot.domain.deep_facts import DeepFacts, PolicyKind, Usage, administrator_arn, same_name_arn
from bot.domain.explanation import Explanation, explain
from bot.domain.facts import AccountFacts, ProviderKind
from bot.domain.finding import Verdict
from bot.domain.plan import Existence, PrincipalFact
from bot.domain.rule import providers_needed

ACCOUNT = "111122223333"
OTHER = "444455556666"
POLICY = "arn:aws:iam::aws:policy/AWSSupportAccess"
DENY = '{"Version":"2012-10-17","Statement":[{"Effect":"Deny","Action":"support:*","Resource":"*"}]}'
ALLOW = DENY.replace("Deny", "Allow")

Look = Callable[..., tuple[AccountFacts, DeepFacts]]


def arn(resource: str, account: str = ACCOUNT) -> str:
    return f"arn:aws:iam::{account}:{resource}"


def trusting(*principals: str) -> str:
    statement = {"Effect": "Allow", "Principal": {"AWS": principals}, "Action": "sts:AssumeRole"}
    return json.dumps({"Version": "2012-10-17", "Statement": [statement]})


@pytest.fixture
def look(an_account: Callable[..., Account]) -> Look:
    """Read an account as a scan does, then look deeper, with these other accounts in scope."""

    def make(*others: Account, account: Account | None = None) -> tuple[AccountFacts, DeepFacts]:
        account = account or an_account()
        reader = Boto3Reader(AwsConfig(), providers_needed, max_attempts=1)
        facts = reader.read_account(account)
        return facts, read_deep(facts, {each.id: each for each in (account, *others)}, reader)

    return make


def explained(facts: AccountFacts, deep: DeepFacts, *others: Account) -> Explanation:
    return explain(facts, deep, frozenset({facts.account.id, *(each.id for each in others)}))


# --- what is there ---


@pytest.fixture
def support_role(iam_of: Callable[[str], Any]) -> Callable[..., Any]:
    """A role that carries the policy; and its account's IAM."""

    def make(*principals: str, **more: Any) -> Any:
        iam = iam_of(ACCOUNT)
        iam.create_role(RoleName="Support", AssumeRolePolicyDocument=trusting(*principals), **more)
        iam.attach_role_policy(RoleName="Support", PolicyArn=POLICY)
        return iam

    return make


def test_every_policy_on_a_role_comes_with_its_text(support_role: Any, look: Look) -> None:
    iam = support_role(arn("root"))
    iam.put_role_policy(RoleName="Support", PolicyName="own", PolicyDocument=DENY)
    guard = iam.create_policy(PolicyName="Guard", PolicyDocument=ALLOW)["Policy"]["Arn"]
    iam.create_policy_version(PolicyArn=guard, PolicyDocument=DENY, SetAsDefault=True)
    iam.attach_role_policy(RoleName="Support", PolicyArn=guard)

    _, deep = look()

    (role,) = deep.roles
    assert [(each.kind, each.name) for each in role.policies] == [
        (PolicyKind.ATTACHED, guard),
        (PolicyKind.INLINE, "own"),
    ]
    assert all(json.loads(each.document or "") == json.loads(DENY) for each in role.policies)
    assert role.policies[0].calls == (f"iam:GetPolicy {guard}", f"iam:GetPolicyVersion {guard}")


def test_the_boundary_of_a_role_is_read(support_role: Any, look: Look, iam_of: Any) -> None:
    boundary = iam_of(ACCOUNT).create_policy(PolicyName="Bounds", PolicyDocument=DENY)["Policy"]["Arn"]
    support_role(arn("root"), PermissionsBoundary=boundary)

    facts, deep = look()

    assert facts.roles[0].boundary == boundary
    assert [each.kind for each in deep.roles[0].policies] == [PolicyKind.BOUNDARY]
    assert explained(facts, deep).finding.verdict is Verdict.WEAK


def test_principals_are_looked_up_in_their_own_accounts(
    support_role: Any, look: Look, iam_of: Any, an_account: Any
) -> None:
    iam_of(OTHER).create_role(RoleName="Oncall", AssumeRolePolicyDocument=trusting(arn("root")))
    trusts = (arn("role/Oncall", OTHER), arn("user/ada"), arn("role/Gone"), arn("role/Far", "777788889999"))
    iam = support_role(*trusts)
    iam.create_user(UserName="ada")

    _, deep = look(an_account(OTHER))

    assert {each.arn: each.existence for each in deep.principals} == dict(
        zip(
            trusts,
            [Existence.EXISTS, Existence.EXISTS, Existence.MISSING, Existence.IAM_DECIDES],
            strict=True,
        )
    )


def test_other_ways_to_support_are_found(iam_of: Any, look: Look) -> None:
    iam = iam_of(ACCOUNT)
    iam.create_role(RoleName="Admin", AssumeRolePolicyDocument=trusting(arn("root")))
    iam.attach_role_policy(RoleName="Admin", PolicyArn="arn:aws:iam::aws:policy/AdministratorAccess")
    fake = iam.create_policy(PolicyName="AWSSupportAccess", PolicyDocument=ALLOW)["Policy"]["Arn"]
    iam.attach_role_policy(RoleName="Admin", PolicyArn=fake)

    facts, deep = look()

    admin, named = (deep.carriers_of(each(facts.account)) for each in (administrator_arn, same_name_arn))
    assert admin is not None
    assert named is not None
    assert (admin.roles, named.roles, named.policy_arn) == (("Admin",), ("Admin",), fake)
    assert explained(facts, deep).finding.verdict is Verdict.FAIL


def test_a_policy_that_does_not_exist_is_not_unread(aws: Any, look: Look) -> None:
    aws.on("ListEntitiesForPolicy", aws.entities(), aws.error("NoSuchEntity", 404))

    _, deep = look()

    assert [each.are_none for each in deep.carriers] == [True] * 4


# --- which calls are made, and what is denied ---


def document(text: str, action: str, aws: Any) -> Any:
    inner = {
        "GetPolicyVersion": f"<PolicyVersion><Document>{quote(text)}</Document></PolicyVersion>",
        "GetRolePolicy": f"<PolicyDocument>{quote(text)}</PolicyDocument>",
    }
    return aws.ok(action, inner[action])


@pytest.fixture
def full(aws: Any) -> Any:
    """An account with one support role, which has one policy of each kind; nothing is denied."""
    aws.on("ListEntitiesForPolicy", aws.entities(["Support"]), aws.entities())
    aws.on("GetRole", aws.role("Support", trust=trusting(arn("user/ada"))))
    aws.on("GetUser", aws.ok("GetUser", f"<User><Arn>{arn('user/ada')}</Arn></User>"))
    aws.on("ListAttachedRolePolicies", aws.attached(POLICY, arn("policy/Guard")))
    names = "<IsTruncated>false</IsTruncated><PolicyNames><member>own</member></PolicyNames>"
    aws.on("ListRolePolicies", aws.ok("ListRolePolicies", names))
    aws.on("GetRolePolicy", document(ALLOW, "GetRolePolicy", aws))
    policy = "<Policy><DefaultVersionId>v7</DefaultVersionId></Policy>"
    aws.on("GetPolicy", aws.ok("GetPolicy", policy))
    aws.on("GetPolicyVersion", document(ALLOW, "GetPolicyVersion", aws))
    return aws


def test_the_calls_made_are_the_ones_declared(full: Any, look: Look) -> None:
    look()

    iam = {f"iam:{sent.action}" for sent in full.sent if sent.service == "iam"}
    federated = {"iam:ListSAMLProviders", "iam:ListOpenIDConnectProviders"}
    assert iam == EXPLAIN_ACTIONS - federated


def test_the_evidence_names_every_call_and_no_other(full: Any, look: Look) -> None:
    facts, deep = look()

    named = {call.partition(" ")[0] for each in explained(facts, deep).evidence for call in each.calls}
    assert named == {f"iam:{sent.action}" for sent in full.sent if sent.service == "iam"}


def test_the_reader_of_many_accounts_looks_as_deep(full: Any, an_account: Callable[..., Account]) -> None:
    """`check --explain` reads many at once, the bot one: what holds for one holds for the other."""
    account = an_account()
    slow = Boto3Reader(AwsConfig(), providers_needed, max_attempts=1)

    async def fast(facts: AccountFacts) -> DeepFacts:
        async with Reader(AwsConfig(), providers_needed) as reader:
            return await look_deeper(facts, {account.id: account}, reader, "support-role-bot")

    facts = slow.read_account(account)
    deep = asyncio.run(fast(facts))

    assert deep == read_deep(facts, {account.id: account}, slow)
    assert [len(role.policies) for role in deep.roles] == [2]


def test_the_version_in_force_is_read_and_the_policy_itself_is_not(full: Any, look: Look) -> None:
    look()

    (version,) = full.calls("GetPolicyVersion")
    assert (version.parameters["PolicyArn"], version.parameters["VersionId"]) == (arn("policy/Guard"), "v7")
    assert [sent.parameters["PolicyArn"] for sent in full.calls("GetPolicy")] == [arn("policy/Guard")]


def test_a_policy_on_many_roles_is_read_once(full: Any, look: Look) -> None:
    full.on("ListEntitiesForPolicy", full.entities(["A", "B", "C"]), full.entities())

    _, deep = look()

    assert len(full.calls("GetPolicy")) == 1
    assert [len(role.policies) for role in deep.roles] == [2, 2, 2]


def test_it_is_all_done_with_the_scan_role(full: Any, look: Look) -> None:
    look()

    assert {sent.account for sent in full.sent if sent.service == "iam"} == {ACCOUNT}


@pytest.mark.parametrize(
    "action",
    [
        "GetPolicy",
        "GetPolicyVersion",
        "GetRolePolicy",
        "GetUser",
        "ListAttachedRolePolicies",
        "ListRolePolicies",
    ],
)
def test_a_denied_read_is_said_with_its_call_and_the_verdict_stays(
    full: Any, look: Look, action: str
) -> None:
    full.on(action, full.error("AccessDenied"))

    facts, deep = look()

    told = explained(facts, deep)
    assert told.finding.verdict is Verdict.PASS
    unread = [each for each in told.evidence if each.weight == "unread"]
    assert len(unread) == 1
    assert f"{action} " in unread[0].text
    assert "AccessDenied" in unread[0].text
    assert f"iam:{action}" in {call.partition(" ")[0] for call in unread[0].calls}


def test_other_carriers_that_are_denied_are_each_said(full: Any, look: Look) -> None:
    full.on("ListEntitiesForPolicy", full.entities(["Support"]), full.error("AccessDenied"))

    _, deep = look()

    assert [each.unreadable is None for each in deep.carriers] == [False] * 4
    assert {each.usage for each in deep.carriers} == {Usage.BOUNDARY, Usage.PERMISSIONS}


def test_an_answer_that_is_not_a_policy_is_unread(full: Any, look: Look) -> None:
    full.on("GetPolicy", full.ok("GetPolicy", "<Policy/>"))

    _, deep = look()

    (guard, _) = deep.roles[0].policies
    assert guard.document is None
    assert guard.unreadable is not None
    assert "an answer without a policy" in guard.unreadable.text


def test_an_account_that_cannot_be_entered_again_says_so(full: Any, look: Look) -> None:
    full.on("AssumeRole", full.assumed(ACCOUNT), full.error("AccessDenied"))

    facts, deep = look()

    assert deep.unreadable is not None
    assert deep.roles == ()
    assert explained(facts, deep).finding.verdict is Verdict.PASS


def test_an_account_in_scope_that_cannot_be_entered_leaves_its_principals_unread(
    full: Any, look: Look, an_account: Any
) -> None:
    full.on("GetRole", full.role("Support", trust=trusting(arn("role/X", OTHER), arn("user/y", OTHER))))
    full.on("AssumeRole", full.assumed(ACCOUNT), full.assumed(ACCOUNT), full.error("AccessDenied"))

    _, deep = look(an_account(OTHER))

    assert [each.existence for each in deep.principals] == [None, None]
    assert len(full.calls("AssumeRole")) == 3


def test_an_unreadable_or_closed_account_is_left_alone(aws: Any, look: Look, an_account: Any) -> None:
    aws.on("AssumeRole", aws.error("AccessDenied"))

    assert look()[1] == DeepFacts()
    asked = len(aws.sent)
    assert look(account=an_account(state=AccountState.CLOSED))[1] == DeepFacts()
    assert len(aws.sent) == asked


def test_a_session_is_looked_up_by_the_name_of_its_role(full: Any, look: Look) -> None:
    session = f"arn:aws:sts::{ACCOUNT}:assumed-role/Oncall/ada"
    support, oncall = full.role("Support", trust=trusting(session)), full.role("Oncall", path="/ops/")
    full.on("GetRole", support, oncall)

    _, deep = look()

    assert deep.principals == (PrincipalFact(session, Existence.EXISTS),)
    assert full.calls("GetRole")[-1].parameters == {"RoleName": "Oncall", "Version": "2010-05-08"}


def test_providers_are_read_where_a_role_is_federated(full: Any, look: Look) -> None:
    provider = arn("saml-provider/Okta")
    statement = {"Effect": "Allow", "Principal": {"Federated": provider}, "Action": "sts:AssumeRoleWithSAML"}
    also = {"Effect": "Allow", "Principal": {"AWS": arn("user/ada")}, "Action": "sts:AssumeRole"}
    trust = json.dumps({"Version": "2012-10-17", "Statement": [also, statement]})
    full.on("GetRole", full.role("Support", trust=trust))
    full.on("ListSAMLProviders", full.providers("SAMLProviderList", provider))

    facts, deep = look()

    assert facts.providers.kinds == frozenset()
    assert (deep.providers.kinds, deep.providers.arns) == ({ProviderKind.SAML}, {provider})
