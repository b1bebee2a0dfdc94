"""The accounts in scope, and nothing of how they are reached."""

from dataclasses import replace
from pathlib import Path

import pytest
from building.racing import at_once
from building.values import (
    EXTERNAL_ID,
    NOW,
    PAYMENTS,
    a_finding,
    a_plan,
    a_request,
    a_target,
    an_account,
    an_event,
)
from sqlalchemy import Engine

from bot.domain.account import Access, Account, AccountId, AccountState
from bot.domain.request import RequestState
from bot.store import findings, requests
from bot.store.accounts import (
    are_in_scope,
    keep_trust,
    read_account,
    read_account_ids,
    read_accounts,
    read_some,
    save_accounts,
)
from bot.store.audit import record
from bot.store.engine import build_engine


def save(engine: Engine, *found: Account) -> None:
    with engine.begin() as connection:
        save_accounts(connection, found, now=NOW)


def test_an_account_comes_back_as_it_was_but_for_its_reach(engine: Engine):
    account = an_account(tags=(("env", "prod"),), ou="Workloads/Prod", owner="U1", is_management=True)

    save(engine, account)

    with engine.connect() as connection:
        assert read_account(connection, PAYMENTS) == replace(account, access=Access())


def test_accounts_come_in_the_order_of_their_names(engine: Engine):
    save(
        engine,
        an_account("3" * 12, name="beta"),
        an_account("2" * 12, name="Alpha"),
        an_account("1" * 12, name="beta"),
    )

    with engine.connect() as connection:
        assert [(a.name, a.id[0]) for a in read_accounts(connection)] == [
            ("Alpha", "2"),
            ("beta", "1"),
            ("beta", "3"),
        ]


def test_an_account_that_is_gone_is_out_of_scope_and_may_come_back(engine: Engine):
    save(engine, an_account("1" * 12), an_account("2" * 12))
    save(engine, an_account("2" * 12))

    with engine.connect() as connection:
        assert read_account_ids(connection) == {"2" * 12}
        assert read_account(connection, "1" * 12) is None
        assert [a.id for a in read_some(connection, [AccountId("1" * 12), AccountId("2" * 12)])] == ["2" * 12]
    save(engine, an_account("1" * 12, name="renamed"))
    with engine.connect() as connection:
        assert [a.name for a in read_accounts(connection)] == ["renamed"]


def test_an_empty_inventory_leaves_nothing_in_scope(engine: Engine):
    save(engine, an_account())
    save(engine)

    with engine.connect() as connection:
        assert read_accounts(connection) == ()


@pytest.mark.parametrize(
    ("others", "same"),
    [
        ([an_account("2" * 12), an_account("1" * 12)], True),
        ([an_account("1" * 12)], False),
        ([an_account("1" * 12), an_account("2" * 12), an_account("3" * 12)], False),
        ([an_account("1" * 12), an_account("2" * 12, trusted_principals=())], False),
    ],
)
def test_it_can_be_told_whether_the_inventory_has_changed(
    engine: Engine, others: list[Account], *, same: bool
):
    save(engine, an_account("1" * 12), an_account("2" * 12))

    with engine.connect() as connection:
        assert are_in_scope(connection, others) is same


def test_whom_settings_trust_by_now_is_kept_and_nothing_else_of_an_older_reading(engine: Engine):
    older = an_account()
    save(engine, replace(older, state=AccountState.SUSPENDED))
    vendor = frozenset({AccountId("9" * 12)})
    trust = {"trusted_principals": ("arn:of-now",), "trusted_account_ids": vendor, "may_trust_root": True}
    by_now = replace(older, **trust)

    with engine.begin() as connection:
        keep_trust(connection, by_now)

        expected = replace(by_now, state=AccountState.SUSPENDED, access=Access())
        assert read_account(connection, PAYMENTS) == expected


def test_an_account_that_has_left_the_scope_does_not_come_back_by_it(engine: Engine):
    save(engine)

    with engine.begin() as connection:
        keep_trust(connection, an_account())

        assert read_account(connection, PAYMENTS) is None


def test_more_accounts_than_a_statement_takes_parameters_are_saved(engine: Engine):
    many = [an_account(f"{number:012d}") for number in range(1_100)]

    save(engine, *many)
    save(engine, *many)

    with engine.connect() as connection:
        assert len(read_account_ids(connection)) == 1_100


def test_two_scans_that_begin_at_once_do_not_disturb_each_other(engine: Engine):
    found = [an_account(f"{number:012d}") for number in range(30)]

    at_once(4, lambda number: save(engine, *(found if number % 2 else reversed(found))))

    with engine.connect() as connection:
        assert len(read_accounts(connection)) == 30


def test_no_external_id_or_role_to_assume_is_ever_in_the_database_file(sqlite_file: Path):
    engine, account = build_engine(f"sqlite:///{sqlite_file}"), an_account()
    save(engine, account)
    with engine.begin() as connection:
        findings.save_findings(connection, [a_finding(account=account)], scan_id="scan-1")
        requests.add_request(connection, a_request(RequestState.PREPARING, plan=None))
        requests.move(
            connection,
            a_request().id,
            before=RequestState.PREPARING,
            after=RequestState.PENDING,
            now=NOW,
            plan=a_plan(account),
            target=a_target(account),
        )
        record(connection, an_event())
    engine.dispose()

    written = b"".join(path.read_bytes() for path in sqlite_file.parent.glob("bot.db*"))

    assert b"payments" in written
    assert EXTERNAL_ID.encode() not in written
    assert b"Remediator" not in written
