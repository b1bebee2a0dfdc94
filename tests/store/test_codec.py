"""Values go into JSON columns and come back equal, without how an account is reached."""

import json
from dataclasses import replace

from building.strategies import FINDINGS
from hypothesis import given

from bot.domain.account import Access
from bot.domain.finding import Finding
from bot.store.codec import dump, load


@given(FINDINGS)
def test_a_stored_finding_comes_back_equal(finding: Finding):
    assert load(Finding, json.loads(json.dumps(dump(finding)))) == finding


@given(FINDINGS)
def test_how_an_account_is_reached_never_enters_a_column(finding: Finding):
    secret = Access(scan_role="Scanner", remediation_role="Writer", external_id="s3cret-external-id")
    account = replace(finding.account, access=secret)

    assert load(Finding, dump(replace(finding, account=account))).account.access == Access()
    assert "s3cret-external-id" not in json.dumps([dump(account), dump(replace(finding, account=account))])
