"""The accounts in scope: those of settings, those of AWS Organizations, or the bot's own alone."""

from dataclasses import dataclass, replace

from botocore.exceptions import BotoCoreError, PartialCredentialsError

from bot.aws.boto3_reader import Boto3Reader, make_session
from bot.aws.faults import UNUSABLE, UnreadableError, unusable
from bot.aws.organization import NOT_ASKED, Organization, OrganizationAccount, read_organization
from bot.aws.sessions import AwsConfig, Identity
from bot.domain.account import Access, Account, AccountId
from bot.domain.errors import AwsError
from bot.settings import Settings

NO_CREDENTIALS = "NoCredentialsError"
HOW_TO_HAVE_SOME = (
    "Set AWS_PROFILE, or AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY, or run on a machine that has a role."
)
WHOLE_ORGANIZATION = ("/",)
"""Asks for every organizational unit, where only their names are wanted."""


@dataclass(frozen=True, slots=True)
class Wanted:
    """What of the organization must be known beside the accounts themselves; each costs further calls."""

    ous: bool = False
    tags: bool = False


def read_inventory(
    settings: Settings, config: AwsConfig, wanted: Wanted | None = None
) -> tuple[Account, ...]:
    """Ask AWS who we are, and Organizations if settings say so; AwsError when either is refused."""
    caller = read_caller(config)
    organization = settings.aws.organization
    if not organization.enabled:
        return merge_inventory(settings, NOT_ASKED, caller)
    wanted = wanted or Wanted()
    ous = organization.include_ous or (WHOLE_ORGANIZATION if wanted.ous else ())
    with_tags = wanted.tags or bool(organization.include_tags)
    return merge_inventory(settings, read_organization(config, ous, with_tags=with_tags), caller)


def read_caller(config: AwsConfig) -> Identity:
    """Whose account the bot's own credentials are in; AwsError when AWS does not say, or cannot be asked."""
    try:
        if make_session().get_credentials() is None:
            raise AwsError(f"No AWS credentials were found. {HOW_TO_HAVE_SOME}", NO_CREDENTIALS)
        return Boto3Reader(config, lambda _: frozenset()).caller
    except UnreadableError as error:
        what = error.unreadable
        raise AwsError(f"{what.text}. {what.next_step}", error.code) from error
    except PartialCredentialsError as error:
        raise AwsError(f"Only half of the AWS credentials was found. {HOW_TO_HAVE_SOME}", UNUSABLE) from error
    except (BotoCoreError, ValueError) as error:
        raise unusable(error) from error


def merge_inventory(
    settings: Settings,
    organization: Organization,
    caller: Identity,
) -> tuple[Account, ...]:
    """Every account once, those of settings first; what settings say of one wins, exclusions win over all.

    The management account is known as such also where settings name it and the organization's list does not.
    """
    aws = settings.aws
    listed = {each.id: each for each in organization.accounts}
    wanted = [each for each in listed.values() if _has_a_tag(each, aws.organization.include_tags)]
    ids = [AccountId(each.id) for each in aws.accounts] + [each.id for each in wanted]
    if not ids and not aws.organization.enabled:
        ids = [AccountId(caller.account_id)]
    excluded = set(aws.organization.exclude_accounts)
    accounts = (
        _account(settings, account_id, listed.get(account_id), caller)
        for account_id in dict.fromkeys(ids)
        if account_id not in excluded
    )
    return tuple(replace(each, is_management=each.id == organization.management_id) for each in accounts)


def _has_a_tag(account: OrganizationAccount, tags: tuple[str, ...]) -> bool:
    return not tags or any(f"{key}={value}" in tags for key, value in account.tags)


def _account(
    settings: Settings,
    account_id: AccountId,
    listed: OrganizationAccount | None,
    caller: Identity,
) -> Account:
    own = caller.account_id == account_id
    # An organization does not cross partitions, and neither does the bot's own account.
    account = settings.account(account_id, partition=caller.partition if own or listed else "")
    if own:
        account = replace(account, access=own_access(settings, account))
    if listed is None:
        return account
    return replace(
        account,
        name=account.name or listed.name,
        ou=listed.ou,
        state=listed.state,
        tags=listed.tags,
    )


def own_access(settings: Settings, account: Account) -> Access:
    """The bot's own credentials, but for a role that settings name for this very account."""
    entry = settings.aws.entries.get(account.id)
    return replace(
        account.access,
        scan_role=(entry and entry.scan_role) or "",
        remediation_role=(entry and entry.remediation_role) or "",
    )
