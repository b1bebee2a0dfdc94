"""SCOPE: what each word selects, and what is said of words that select nothing."""

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.domain.account import Account, AccountId
from bot.domain.finding import Verdict
from bot.domain.scope import Scope, ScopeError, parse_scope, words_of

PAYMENTS = Account(AccountId("111122223333"), "Payments Prod", ou="Workloads/Prod", tags=(("team", "core"),))
LEDGER = Account(AccountId("222233334444"), "ledger", ou="Workloads/Prod/EU", tags=(("team", "data"),))
BOB = Account(AccountId("333344445555"), "Bob\N{RIGHT SINGLE QUOTATION MARK}s sandbox", ou="Sandbox")
NAMELESS = Account(AccountId("444455556666"))
ACCOUNTS = (PAYMENTS, LEDGER, BOB, NAMELESS)


def parsed(text: str) -> Scope:
    scope = parse_scope(words_of(text))
    assert isinstance(scope, Scope)
    return scope


def problems(text: str):
    scope = parse_scope(words_of(text))
    answer = scope.select(ACCOUNTS) if isinstance(scope, Scope) else scope
    assert isinstance(answer, ScopeError)
    return answer.problems


@pytest.mark.parametrize(
    ("text", "selected"),
    [
        ("", ACCOUNTS),
        ("  ", ACCOUNTS),
        ("111122223333", (PAYMENTS,)),
        ("1111-2222-3333", (PAYMENTS,)),
        ("`111122223333`", (PAYMENTS,)),
        ("LEDGER", (LEDGER,)),
        ('"payments prod"', (PAYMENTS,)),
        ('"payments  PROD" ledger', (PAYMENTS, LEDGER)),
        ("“payments prod”", (PAYMENTS,)),
        ("\N{LEFT SINGLE QUOTATION MARK}payments prod\N{RIGHT SINGLE QUOTATION MARK}", (PAYMENTS,)),
        ("'bob's sandbox'", (BOB,)),
        ('"Bob\N{RIGHT SINGLE QUOTATION MARK}s sandbox"', (BOB,)),
        ("222233334444 111122223333", (PAYMENTS, LEDGER)),
        ("ou:prod", (PAYMENTS, LEDGER)),
        ("OU:Workloads", (PAYMENTS, LEDGER)),
        ("ou:workloads/prod", (PAYMENTS, LEDGER)),
        ("ou:Workloads/Prod/EU", (LEDGER,)),
        ("ou:Prod/EU", (LEDGER,)),
        ("ou:/Workloads/Prod/EU/", (LEDGER,)),
        ("ou:Workloads ou:EU", (LEDGER,)),
        ("ou:Sandbox ou:EU", ()),
        ("tag:team=core", (PAYMENTS,)),
        ("tag:team=core ou:EU", ()),
        ("ledger ou:prod tag:team=data", (LEDGER,)),
        ("ledger 111122223333 tag:team=core", (PAYMENTS,)),
        ("verdict:fail", ACCOUNTS),
        ("ledger verdict:fail", (LEDGER,)),
    ],
)
def test_words_select_accounts_in_the_order_given(text: str, selected: tuple[Account, ...]):
    assert parsed(text).select(ACCOUNTS) == selected


@pytest.mark.parametrize(
    ("text", "verdict", "meant"),
    [
        ("", None, True),
        ("", Verdict.PASS, True),
        ("verdict:fail", Verdict.FAIL, True),
        ("verdict:FAIL", Verdict.FAIL, True),
        ("verdict:fail", Verdict.WEAK, False),
        ("verdict:fail", None, False),
        ("verdict:fail verdict:weak", Verdict.WEAK, True),
        ("ledger verdict:fail", Verdict.FAIL, False),
        ("payments", Verdict.FAIL, False),
        ("111122223333 verdict:unknown", Verdict.UNKNOWN, True),
    ],
)
def test_a_verdict_filter_asks_for_the_last_verdict(text: str, verdict: Verdict | None, *, meant: bool):
    assert parsed(text).matches(PAYMENTS, verdict) is meant


def test_a_part_of_an_organizational_units_name_is_no_match():
    assert problems("ou:Prod/E") == ("No account is in an organizational unit prod/e. Did you mean Prod?",)


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("999999999999", "No account 999999999999 is in scope."),
        ("ledgr", "No account is called ledgr. Did you mean ledger?"),
        ("qqqq", "No account is called qqqq."),
        ("12345", "No account is called 12345. An account id has twelve digits."),
        ("ou:Sandbx", "No account is in an organizational unit sandbx. Did you mean Sandbox?"),
        ("tag:Team=core", "No account has the tag Team=core. Did you mean team=core?"),
        ("tag:team", "tag:team needs a key and a value, for example tag:team=core."),
        ("tag:=core", "tag:=core needs a key and a value, for example tag:team=core."),
        ("ou:", "ou: needs a value right after the colon, for example ou:Prod."),
        ("ou:/", "ou: needs a value right after the colon, for example ou:Prod."),
        ("verdict:", "verdict: needs a value right after the colon, for example verdict:fail."),
        ("verdit:fail", "verdit:fail is no filter; there are ou:, tag:, verdict:. Did you mean verdict:?"),
        ("owner:U1", "owner:U1 is no filter; there are ou:, tag:, verdict:."),
        (
            "verdict:fial",
            "fial is no verdict; there are pass, weak, fail, unknown, waived, skipped. Did you mean fail?",
        ),
    ],
)
def test_a_word_that_selects_nothing_is_explained(text: str, said: str):
    assert problems(text) == (said,)


def test_where_no_tags_were_read_a_tag_is_not_said_to_be_missing_without_a_word_about_that():
    untagged = [replace(account, tags=()) for account in ACCOUNTS]

    chosen = parsed("tag:team=core").select(untagged)

    assert isinstance(chosen, ScopeError)
    assert "they are read only where aws.organization.include_tags is set" in str(chosen)


def test_all_problems_are_told_at_once():
    assert len(problems("ou: tag:x verdict:bad")) == 3
    assert len(problems("999999999999 ledgr ou:nowhere tag:a=b")) == 4


def test_a_pasted_flood_of_words_gets_a_short_answer():
    assert len(problems(" ".join(f"x:{number}" for number in range(500)))) == 10
    assert len(problems(" ".join(f"unknown-{number}" for number in range(500)))) == 10
    assert len(problems("x" * 5000)[0]) < 200


def test_accounts_of_one_name_are_all_meant():
    twin = Account(AccountId("555566667777"), "Ledger")

    assert parsed("ledger").select((LEDGER, twin)) == (LEDGER, twin)


def test_an_error_reads_as_lines():
    assert str(ScopeError(("one.", "two."))) == "one.\ntwo."


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("a  b\tc\N{NO-BREAK SPACE}d", ["a", "b", "c", "d"]),
        ('"a b" c', ["a b", "c"]),
        ("„a b“ «c»", ["a b", "«c»"]),
        ('ou:"Shared Services"', ["ou:Shared Services"]),
        ("ou:'Shared Services' x", ["ou:Shared Services", "x"]),
        ("tag:owner='a b'", ["tag:owner=a b"]),
        ("bob's b", ["bob's", "b"]),
        ('"open end', ["open end"]),
        ('""', []),
        ("R&amp;D &lt;x&gt;", ["R&D", "<x>"]),
        ("&amp;lt;", ["&lt;"]),
        ("", []),
    ],
)
def test_command_text_is_split_as_people_mean_it(text: str, words: list[str]):
    assert words_of(text) == words


WORD = st.text(st.characters(exclude_categories=("Cs", "Cc")), max_size=12)


@given(st.lists(WORD | st.sampled_from(["ou:", "tag:", "verdict:", '"', "'"]), max_size=6).map(" ".join))
def test_no_text_breaks_the_parser(text: str):
    scope = parse_scope(words_of(text))

    assert isinstance(scope, ScopeError) or isinstance(scope.select(ACCOUNTS), tuple | ScopeError)


PLAIN = st.text(st.characters(categories=("Ll", "Nd"), include_characters=" -'/.&"), min_size=1, max_size=10)
NAME = PLAIN.filter(str.strip)


@given(
    st.lists(
        NAME
        | NAME.map("ou:{}".format)
        | st.tuples(NAME, PLAIN).map(lambda tag: f"tag:{tag[0]}={tag[1]}")
        | st.sampled_from(["111122223333", "verdict:fail", "verdict:weak"]),
        max_size=5,
    ),
)
def test_a_scope_in_words_parses_to_itself(words: list[str]):
    scope = parse_scope(words)
    if isinstance(scope, ScopeError):
        return

    assert parse_scope(words_of(str(scope))) == scope


def test_the_scope_in_words_is_what_a_person_could_have_typed():
    text = 'verdict:fail "payments prod" ou:"shared services" tag:team=core 111122223333'

    assert str(parsed(text)) == '111122223333 "payments prod" ou:"shared services" tag:team=core verdict:fail'
