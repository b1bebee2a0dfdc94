"""The settings themselves: one frozen `Settings`, with a section for each table of support-role.toml."""

from datetime import time
from functools import cached_property
from typing import Annotated, Any, Literal, TypeVar
from zoneinfo import ZoneInfo

from pydantic import BaseModel, ConfigDict, Field, SecretStr
from pydantic_settings import BaseSettings, PydanticBaseSettingsSource, SettingsConfigDict

from bot.domain.account import Access, Account, AccountId
from bot.domain.errors import SettingsError
from bot.domain.freeze import FreezeWindow
from bot.domain.guards import Policy
from bot.domain.plan import RoleSettings
from bot.domain.request import Mode
from bot.settings import kinds
from bot.settings.problem import Problem

T = TypeVar("T")


class Section(BaseModel):
    """Frozen, no unknown keys, and an error of it never shows what was put in."""

    model_config = ConfigDict(frozen=True, extra="forbid", hide_input_in_errors=True)


class AccountSettings(Section):
    """One account; whatever is None is as in `[aws]` or `[remediation]`."""

    id: kinds.AccountIdText
    name: str = ""
    owner: kinds.SlackOwner = ""
    scan_role: kinds.RoleReference | None = None
    remediation_role: kinds.RoleReference | None = None
    external_id: kinds.ExternalId | None = None
    partition: kinds.Partition | None = None
    trusted_principals: tuple[kinds.PrincipalTemplate, ...] | None = None
    trusted_account_ids: tuple[kinds.AccountIdText, ...] | None = None


class OrganizationSettings(Section):
    enabled: bool = False
    include_ous: tuple[kinds.OrganizationalUnit, ...] = ()
    """Ids or paths of names; empty: the whole organization."""
    include_tags: tuple[kinds.TagFilter, ...] = ()
    """`KEY=VALUE`; an account with any of them is in scope. Costs one call for each account."""
    exclude_accounts: tuple[kinds.AccountIdText, ...] = ()
    """Excluded even when listed in `[[aws.accounts]]`."""


class AwsSettings(Section):
    scan_role: kinds.RoleReference = "SupportRoleScanner"
    remediation_role: kinds.RoleReference = "SupportRoleRemediator"
    external_id: kinds.ExternalId = SecretStr("")
    partition: kinds.Partition = "aws"
    trusted_account_ids: tuple[kinds.AccountIdText, ...] = ()
    accounts: tuple[AccountSettings, ...] = ()
    organization: OrganizationSettings = OrganizationSettings()

    @cached_property
    def entries(self) -> dict[str, AccountSettings]:
        """The accounts by id: ten thousand of them are looked up one by one."""
        return {each.id: each for each in self.accounts}


class CheckSettings(Section):
    strict: bool = False
    concurrency: int = Field(default=32, ge=1, le=512)
    """Accounts read at the same time."""
    account_seconds: float = Field(default=60.0, ge=1, le=900)
    """An account that is not read by then is UNKNOWN."""


class StsSettings(Section):
    rate: float = Field(default=550.0, ge=1, le=5000)
    """Calls a second, all accounts together; AWS allows a calling account about 600 in a Region."""


class FreezeSettings(Section):
    cron: kinds.Cron
    minutes: int = Field(ge=1, le=60 * 24 * 92)
    timezone: kinds.TimeZone = "UTC"


class RemediationSettings(Section):
    mode: Literal["off", "dry-run", "apply"] = "dry-run"
    role_name: kinds.RoleName = "aws-support-access"
    role_path: kinds.RolePath = "/"
    trusted_principals: tuple[kinds.PrincipalTemplate, ...] = (
        "arn:{partition}:iam::{account_id}:role/IncidentManager",
    )
    allow_account_root: bool = False
    """Whether an account's `:root` may be trusted: everybody there who may call sts:AssumeRole gets in."""
    permissions_boundary: kinds.BoundaryArn = ""
    """`{account_id}` and `{partition}` stand for those of each account, as in `trusted_principals`."""
    max_session_minutes: int = Field(default=60, ge=60, le=720)
    """The longest session that the role allows; IAM takes one to twelve hours."""
    require_mfa: bool = False
    approvers: Annotated[tuple[kinds.SlackUser, ...], kinds.unique()] = ()
    approver_groups: Annotated[tuple[kinds.SlackGroup, ...], kinds.unique()] = ()
    approval_channel: kinds.SlackChannel = ""
    audit_channel: kinds.SlackChannel = ""
    request_ttl_minutes: int = Field(default=240, ge=5, le=10080)
    max_changes_per_hour: int = Field(default=10, ge=0, le=1000)
    max_accounts_per_request: int = Field(default=25, ge=1, le=500)
    protected_accounts: tuple[kinds.AccountIdText, ...] = ()
    freeze: tuple[FreezeSettings, ...] = ()


class WaiverSettings(Section):
    max_days: int = Field(default=90, ge=1, le=730)
    """How many days from today a waiver may last."""


class SlackSettings(Section):
    team_ids: Annotated[tuple[kinds.SlackTeam, ...], kinds.unique()] = ()
    admins: Annotated[tuple[kinds.SlackUser, ...], kinds.unique()] = ()
    bot_token: kinds.BotToken = SecretStr("")
    app_token: kinds.AppToken = SecretStr("")
    signing_secret: kinds.SigningSecret = SecretStr("")
    api_url: kinds.SlackApiUrl = "https://slack.com/api/"
    commands_per_minute: int = Field(default=20, ge=0, le=1000)
    """How many costly commands one person may give in a minute; 0 is no limit."""


class DigestSettings(Section):
    channel: kinds.SlackChannel = ""
    at: kinds.TimeOfDay = "09:00"
    timezone: kinds.TimeZone = "Europe/Berlin"

    @property
    def time(self) -> time:
        return time.fromisoformat(self.at)

    @property
    def zone(self) -> ZoneInfo:
        return ZoneInfo(self.timezone)


class RetentionSettings(Section):
    """For how many days rows are kept that nothing needs any more; what is never taken away is not here."""

    scan_days: int = Field(default=30, ge=1, le=36_500)
    history_days: int = Field(default=730, ge=90, le=36_500)
    """Changes of verdicts; the last one of each account stays."""
    digest_days: int = Field(default=400, ge=40, le=36_500)
    """What digests reported: the trend is 30 days of it."""
    workflow_days: int = Field(default=7, ge=1, le=36_500)
    """What the durable engine remembers of work that has ended."""


class StoreSettings(Section):
    url: kinds.StoreUrl = SecretStr("sqlite:///support-role.db")
    """Secret, since a PostgreSQL URL may hold a password."""


class Settings(BaseSettings):
    """Everything that can be configured; made by `bot.settings.read_settings`."""

    model_config = SettingsConfigDict(frozen=True, extra="forbid", hide_input_in_errors=True)

    @classmethod
    def settings_customise_sources(
        cls,
        settings_cls: type[BaseSettings],  # noqa: ARG003 - pydantic-settings' signature
        init_settings: PydanticBaseSettingsSource,
        env_settings: PydanticBaseSettingsSource,  # noqa: ARG003 - likewise
        dotenv_settings: PydanticBaseSettingsSource,  # noqa: ARG003 - likewise
        file_secret_settings: PydanticBaseSettingsSource,  # noqa: ARG003 - likewise
    ) -> tuple[PydanticBaseSettingsSource, ...]:
        """One source: `reading` has merged all of them, and can say of each value where it came from."""
        return (init_settings,)

    aws: AwsSettings = AwsSettings()
    check: CheckSettings = CheckSettings()
    sts: StsSettings = StsSettings()
    remediation: RemediationSettings = RemediationSettings()
    waivers: WaiverSettings = WaiverSettings()
    slack: SlackSettings = SlackSettings()
    digest: DigestSettings = DigestSettings()
    store: StoreSettings = StoreSettings()
    retention: RetentionSettings = RetentionSettings()

    def accounts(self) -> tuple[Account, ...]:
        """The accounts of `[[aws.accounts]]`, in that order, each with what it does not say filled in.

        SettingsError when an external id is still a reference: see `bot.settings.with_secrets`.
        """
        return tuple(self._account(each) for each in self.aws.accounts)

    def account(self, account_id: AccountId, *, partition: str = "") -> Account:
        """Any account, as settings would have it; by its own entry when it has one."""
        listed = self.aws.entries.get(account_id)
        entry = listed or AccountSettings(id=account_id, partition=partition or None)
        return self._account(entry)

    def role_settings(self) -> RoleSettings:
        fix = self.remediation
        return RoleSettings(
            role_name=fix.role_name,
            role_path=fix.role_path,
            permissions_boundary=fix.permissions_boundary,
            max_session_seconds=fix.max_session_minutes * 60,
            require_mfa=fix.require_mfa,
        )

    def policy(self) -> Policy:
        """What the guards go by."""
        fix = self.remediation
        return Policy(
            mode=Mode(fix.mode),
            team_ids=frozenset(self.slack.team_ids),
            approval_channel=fix.approval_channel,
            approvers=frozenset(fix.approvers),
            approver_groups=frozenset(fix.approver_groups),
            max_changes_per_hour=fix.max_changes_per_hour,
            max_accounts_per_request=fix.max_accounts_per_request,
            protected_accounts=frozenset(AccountId(each) for each in fix.protected_accounts),
            freeze=tuple(FreezeWindow(each.cron, each.minutes, each.timezone) for each in fix.freeze),
            admins=frozenset(self.slack.admins),
            excluded_accounts=frozenset(AccountId(each) for each in self.aws.organization.exclude_accounts),
            listed_accounts=self._listed_accounts(),
        )

    def _listed_accounts(self) -> frozenset[AccountId] | None:
        # Without any, and without an organization, it is the bot's own account, which AWS alone knows.
        is_whole = bool(self.aws.accounts) and not self.aws.organization.enabled
        return frozenset(AccountId(each.id) for each in self.aws.accounts) if is_whole else None

    def problems_for_serving(self, *, http: bool = False) -> tuple[Problem, ...]:
        """What `serve` needs and these settings lack; `http`: with requests over HTTP, not Socket Mode."""
        slack, fix = self.slack, self.remediation
        signing = Problem("slack.signing_secret", "is needed with --http (or SLACK_SIGNING_SECRET)")
        socket = Problem("slack.app_token", "is needed for Socket Mode (or SLACK_APP_TOKEN)")
        needed = [
            (slack.bot_token, Problem("slack.bot_token", "is needed (or SLACK_BOT_TOKEN)")),
            (slack.signing_secret, signing) if http else (slack.app_token, socket),
            (slack.team_ids, Problem("slack.team_ids", "should name the workspaces that may use the bot")),
        ]
        return tuple(problem for value, problem in needed + _for_fixes(fix) if not value)

    def _account(self, entry: AccountSettings) -> Account:
        aws = self.aws
        partition = entry.partition or aws.partition
        principals = _either(entry.trusted_principals, self.remediation.trusted_principals)
        trusted = _either(entry.trusted_account_ids, aws.trusted_account_ids)
        return Account(
            id=AccountId(entry.id),
            name=entry.name,
            partition=partition,
            owner=entry.owner,
            access=Access(
                scan_role=_either(entry.scan_role, aws.scan_role),
                remediation_role=_either(entry.remediation_role, aws.remediation_role),
                external_id=_plain(_either(entry.external_id, aws.external_id)),
            ),
            trusted_principals=tuple(
                kinds.fill(each, account_id=entry.id, partition=partition) for each in principals
            ),
            trusted_account_ids=frozenset(AccountId(each) for each in trusted),
            may_trust_root=self.remediation.allow_account_root,
        )


def _for_fixes(fix: RemediationSettings) -> list[tuple[Any, Problem]]:
    if fix.mode == "off":
        return []
    unless = f"while remediation.mode is {fix.mode}"
    name = "remediation.{}".format
    return [
        (fix.approval_channel, Problem(name("approval_channel"), f"should name a channel {unless}")),
        (fix.audit_channel, Problem(name("audit_channel"), f"should name a channel {unless}")),
        (
            fix.approvers or fix.approver_groups,
            Problem(name("approvers"), f"should name people (or approver_groups a group) {unless}"),
        ),
    ]


def _either(own: T | None, default: T) -> T:
    return default if own is None else own


def _plain(secret: SecretStr) -> str:
    if kinds.is_reference(secret):
        raise SettingsError("An external id is kept elsewhere and was not fetched yet.")
    return secret.get_secret_value()
