"""What the bot's roles may do: least privilege, as policy documents with variables in them."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from pydantic import SecretStr

from bot.domain.account import POLICY_NAME
from bot.settings import Settings, kinds

# Written as CloudFormation's Fn::Sub has them; the other formats put their own in place.
PARTITION = "${AWS::Partition}"
ACCOUNT = "${AWS::AccountId}"
PRINCIPAL = "${BotPrincipalArn}"
EXTERNAL_ID = "${ExternalId}"

ON_ROLES = ("iam:GetRolePolicy", "iam:ListAttachedRolePolicies", "iam:ListRolePolicies")

Document = dict[str, Any]
"""A policy document: IAM's own JSON, not ours to type."""


@dataclass(frozen=True, slots=True)
class RoleTemplate:
    """A role in a member account."""

    logical_id: str
    name: str
    path: str
    description: str
    trust: Document
    policy: Document


@dataclass(frozen=True, slots=True)
class Templates:
    """All that is to be deployed."""

    member_roles: tuple[RoleTemplate, ...]
    bot_policy: Document
    needs_external_id: bool


def build_templates(settings: Settings) -> Templates:
    """The templates that fit these settings; a role that settings leave empty is left out."""
    aws = settings.aws
    external_id = any(
        secret and secret.get_secret_value()
        for secret in (aws.external_id, *(each.external_id for each in aws.accounts))
    )
    roles = []
    if aws.scan_role:
        roles.append(_scan_role(aws.scan_role, external_id=external_id))
    if aws.remediation_role and settings.remediation.mode != "off":
        roles.append(_remediation_role(settings, external_id=external_id))
    statements = [*_assume(settings), *_own_account(settings), *_organization(settings), *_secrets(settings)]
    return Templates(tuple(roles), _document(statements), external_id)


def _scan_role(reference: str, *, external_id: bool) -> RoleTemplate:
    path, name = _path_and_name(reference)
    trust = _trust(external_id=external_id, source_identity=False)
    description = "Lets support-role-bot see which roles carry AWSSupportAccess, and who can assume them."
    return RoleTemplate("ScanRole", name, path, description, trust, _document(scan_statements()))


def _remediation_role(settings: Settings, *, external_id: bool) -> RoleTemplate:
    path, name = _path_and_name(settings.aws.remediation_role)
    trust = _trust(external_id=external_id, source_identity=True)
    description = (
        "Lets support-role-bot create one role with AWSSupportAccess after an approval, and undo it."
    )
    policy = _document(remediation_statements(settings))
    return RoleTemplate("RemediationRole", name, path, description, trust, policy)


def scan_statements() -> list[Document]:
    return [
        _allow("ReadWhoCarriesThePolicy", ["iam:ListEntitiesForPolicy"], _asked_about()),
        _allow("ReadRolesAndUsers", ["iam:GetRole", "iam:GetUser"], [_iam("role/*"), _iam("user/*")]),
        # An undo takes nothing away before it has seen all that is on the role; `--explain` looks for what
        # denies support:*.
        _allow("ReadWhatIsOnRoles", list(ON_ROLES), _iam("role/*")),
        _allow("ReadPoliciesOnRoles", ["iam:GetPolicy", "iam:GetPolicyVersion"], _any_policy()),
        # These two know no resources.
        _allow("ListIdentityProviders", ["iam:ListOpenIDConnectProviders", "iam:ListSAMLProviders"], "*"),
    ]


def remediation_statements(settings: Settings) -> list[Document]:
    """One role ARN, and on it one policy: whatever else a session asks for is denied."""
    fix = settings.remediation
    role = _iam(f"role{fix.role_path}{fix.role_name}")
    only_this_policy = {"ArnEquals": {"iam:PolicyARN": _policy_arn()}}
    create = _allow("CreateTheRole", ["iam:CreateRole"], role)
    if fix.permissions_boundary:
        boundary = kinds.fill(fix.permissions_boundary, account_id=ACCOUNT, partition=PARTITION)
        create["Condition"] = {"StringEquals": {"iam:PermissionsBoundary": boundary}}
    attach = _allow("AttachThePolicy", ["iam:AttachRolePolicy", "iam:DetachRolePolicy"], role)
    others = [
        "iam:DeleteRole",
        "iam:GetRole",
        "iam:ListAttachedRolePolicies",
        "iam:ListRolePolicies",
        "iam:TagRole",
    ]
    return [create, {**attach, "Condition": only_this_policy}, _allow("ReadTagAndUndo", others, role)]


def _assume(settings: Settings) -> Iterator[Document]:
    aws = settings.aws
    scan = {_role_arn(role) for role in (aws.scan_role, *(each.scan_role for each in aws.accounts)) if role}
    if scan:
        yield _allow("EnterToScan", ["sts:AssumeRole"], sorted(scan))
    fixing = (aws.remediation_role, *(each.remediation_role for each in aws.accounts))
    fix = {_role_arn(role) for role in fixing if role}
    if fix and settings.remediation.mode != "off":
        yield _allow("EnterToFix", ["sts:AssumeRole", "sts:SetSourceIdentity"], sorted(fix))


def _own_account(settings: Settings) -> Iterator[Document]:
    """The bot's own account is read and fixed with its own credentials."""
    yield from scan_statements()
    if settings.remediation.mode != "off":
        yield from remediation_statements(settings)


def _organization(settings: Settings) -> Iterator[Document]:
    organization = settings.aws.organization
    if not organization.enabled:
        return
    yield _allow(
        "ListTheOrganization",
        [
            "organizations:DescribeAccount",
            "organizations:DescribeOrganization",
            "organizations:ListAccounts",
            "organizations:ListAccountsForParent",
            "organizations:ListOrganizationalUnitsForParent",
            "organizations:ListRoots",
            "organizations:ListTagsForResource",
        ],
        "*",
    )


def _secrets(settings: Settings) -> Iterator[Document]:
    found = sorted(_references(settings))
    managed = [_secret_arn(each) for each in found if each.startswith("aws-sm://")]
    parameters = [_parameter_arn(each) for each in found if each.startswith("aws-ssm://")]
    if managed:
        yield _allow("ReadSecrets", ["secretsmanager:GetSecretValue"], managed)
    if parameters:
        yield _allow("ReadParameters", ["ssm:GetParameter"], parameters)


def _references(settings: Settings) -> set[str]:
    slack, aws = settings.slack, settings.aws
    secrets: list[SecretStr | None] = [
        slack.bot_token,
        slack.app_token,
        slack.signing_secret,
        settings.store.url,
    ]
    secrets += [aws.external_id, *(each.external_id for each in aws.accounts)]
    texts = {secret.get_secret_value().partition("#")[0] for secret in secrets if secret}
    return {text for text in texts if text.startswith(("aws-sm://", "aws-ssm://"))}


def _secret_arn(reference: str) -> str:
    name = reference.removeprefix("aws-sm://")
    # Secrets Manager adds a dash and six characters to the name.
    return (
        name
        if name.startswith("arn:")
        else f"arn:{PARTITION}:secretsmanager:*:{ACCOUNT}:secret:{name}-??????"
    )


def _parameter_arn(reference: str) -> str:
    name = reference.removeprefix("aws-ssm://")
    return (
        name if name.startswith("arn:") else f"arn:{PARTITION}:ssm:*:{ACCOUNT}:parameter/{name.lstrip('/')}"
    )


def _trust(*, external_id: bool, source_identity: bool) -> Document:
    assume: Document = {"Effect": "Allow", "Principal": {"AWS": PRINCIPAL}, "Action": ["sts:AssumeRole"]}
    if external_id:
        assume["Condition"] = {"StringEquals": {"sts:ExternalId": EXTERNAL_ID}}
    # A statement of its own: sts:ExternalId is a key of AssumeRole, and this action alone lets nobody in.
    name_approver: Document = {
        "Effect": "Allow",
        "Principal": {"AWS": PRINCIPAL},
        "Action": ["sts:SetSourceIdentity"],
    }
    return _document([assume, name_approver] if source_identity else [assume])


def _document(statements: list[Document]) -> Document:
    return {"Version": "2012-10-17", "Statement": statements}


def _allow(sid: str, actions: list[str], resource: str | list[str]) -> Document:
    return {"Sid": sid, "Effect": "Allow", "Action": actions, "Resource": resource}


def _policy_arn() -> str:
    return f"arn:{PARTITION}:iam::aws:policy/{POLICY_NAME}"


def _asked_about() -> list[str]:
    """The control's policy; with `--explain` also those that let people reach AWS Support another way."""
    managed = f"arn:{PARTITION}:iam::aws:policy"
    others = [f"{managed}/AdministratorAccess", f"{managed}/job-function/SupportUser"]
    return [_policy_arn(), *others, _iam(f"policy/{POLICY_NAME}")]


def _any_policy() -> list[str]:
    return [f"arn:{PARTITION}:iam::aws:policy/*", _iam("policy/*")]


def _iam(resource: str) -> str:
    return f"arn:{PARTITION}:iam::{ACCOUNT}:{resource}"


def _role_arn(reference: str) -> str:
    if reference.startswith("arn:"):
        return reference
    return f"arn:{PARTITION}:iam::*:role/{reference.lstrip('/')}"


def _path_and_name(reference: str) -> tuple[str, str]:
    inside = reference.partition(":role/")[2] if reference.startswith("arn:") else reference
    path, _, name = inside.strip("/").rpartition("/")
    return (f"/{path}/" if path else "/"), name
