"""The AWS room: the only one that imports boto3 and botocore. It knows `bot.domain` and nothing else of ours.

This module imports nothing, so that `bot.aws.reader` costs no boto3. What the other rooms may use:

`bot.aws.sessions`
    `AwsConfig(partition="aws", region="", connect_timeout=5.0, read_timeout=20.0,
    session_name="support-role-bot")`
    Credentials, endpoints, proxies and the CA bundle come from botocore's own chain.

`bot.aws.reader`: the scan
    `Reader(config, providers_needed, limits=ReaderLimits(), now=utc_now)`, an async context manager; keep one
    open for the life of a worker, so that connections and the pace of STS are shared by all batches.
    `Reader.read_accounts(accounts: Iterable[Account]) -> AsyncIterator[AccountFacts]`, as they are finished,
    in any order
    `ReaderLimits(concurrency=64, sts_calls_per_second=550, max_attempts=10, account_seconds=60.0)`
    `providers_needed: Callable[[AccountFacts], frozenset[ProviderKind]]` is
    `bot.domain.rule.providers_needed`.

`bot.aws.boto3_reader`: the same facts through plain boto3, synchronous
    `Boto3Reader(config, providers_needed, now=utc_now)`
    `Boto3Reader.read_account(account) -> AccountFacts` · `.read_accounts(accounts) -> Iterator[AccountFacts]`

`bot.aws.explain`: the deeper look, for accounts that were just read
    `read_deep(facts, scope: Mapping[AccountId, Account], reader: Boto3Reader) -> DeepFacts`
    `await look_deeper(facts, scope, reader: Reader, session_name) -> DeepFacts`: many at once
    `EXPLAIN_ACTIONS`: the IAM actions that a scan with it uses

`bot.aws.target`: what must be known before a write
    `read_target(account, plan, scope: Mapping[AccountId, Account], reader: Boto3Reader) -> TargetFacts`

`bot.aws.organization`
    `read_organization(config, include_ous=(), *, with_tags=False) -> Organization`
    `Organization(management_id, accounts)` · `OrganizationAccount(id, name, ou, state, tags)`

`bot.aws.support_role`: everything that writes; one `Writer` for one fix, none of it shared
    `Writer(account, plan, request_id, approver, config, sleep=time.sleep)`; AwsError when a name does not fit
    AWS
    `.observe() -> ObservedRole | None`
    `.create_role(why_not) -> Created | NotOurs | Withheld`
    `.attach_policy(why_not) -> Attached | NotOurs | Withheld` · `.read_back(attempts=6) -> ReadBack`
    `.delete_created_role(role_id, tags, why_not) -> Deleted | NotOurs | Withheld`
    `SCAN_ACTIONS`, `TARGET_ACTIONS`, `WRITE_ACTIONS`, `UNDO_ACTIONS`: the IAM actions used, for the role
    templates; `ASSUME_ACTIONS` for the remediation role's trust policy

Whatever could not be *read* is a value (`Unreadable`, in the facts). Whatever went wrong for good while
*writing*, or in AWS Organizations, or for want of any credentials, is an `AwsError`.
"""
