"""Any finding, for properties."""

from datetime import UTC, datetime

from hypothesis import strategies as st

from bot.domain.account import Access, Account, AccountId, AccountState
from bot.domain.finding import Finding, Reason, RoleFinding, Severity, Verdict

TEXT = st.text(max_size=8)
IDS = st.from_regex(r"[0-9]{12}", fullmatch=True).map(AccountId)
REASONS = st.lists(st.builds(Reason, TEXT, TEXT), max_size=2).map(tuple)
TEXTS = st.lists(TEXT, max_size=2).map(tuple)
ROLES = st.builds(RoleFinding, TEXT, st.booleans(), REASONS, REASONS, TEXTS)
STORED_ACCOUNTS = st.builds(
    Account,
    id=IDS,
    name=TEXT,
    partition=st.sampled_from(["aws", "aws-cn"]),
    owner=TEXT,
    ou=TEXT,
    tags=st.lists(st.tuples(TEXT, TEXT), max_size=2).map(tuple),
    state=st.sampled_from(AccountState),
    is_management=st.booleans(),
    access=st.just(Access()),
    trusted_principals=TEXTS,
    trusted_account_ids=st.frozensets(IDS, max_size=2),
)
FINDINGS = st.builds(
    Finding,
    account=STORED_ACCOUNTS,
    verdict=st.sampled_from(Verdict),
    meets_benchmark=st.none() | st.booleans(),
    checked_at=st.datetimes(
        min_value=datetime(1990, 1, 1),  # noqa: DTZ001 - hypothesis adds the zone
        max_value=datetime(2100, 1, 1),  # noqa: DTZ001 - hypothesis adds the zone
        timezones=st.just(UTC),
    ),
    reasons=REASONS,
    notes=REASONS,
    roles=st.lists(ROLES, max_size=2).map(tuple),
    next_step=TEXT,
    severity=st.sampled_from(Severity),
)
