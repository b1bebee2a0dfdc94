"""The doctor's reports to show: nothing wrong, everything wrong, many accounts, and hostile names."""

from collections.abc import Iterator, Mapping
from datetime import UTC, datetime

from bot.domain.doctor import CHECKS, Diagnosis, Report, State, group
from bot.slack.blocks.doctor import begun, report
from bot.slack.blocks.kit import Message

NOW = datetime(2026, 1, 31, 3, 0, tzinfo=UTC)
LONG = "AssumeRole into SupportRoleScanner: AccessDenied. " * 40


def a_report(*found: Diagnosis) -> Report:
    return Report("0.1.0", NOW, group(found))


def every_check(state: State, text: str = "It is so.", step: str = "") -> Report:
    return a_report(*(Diagnosis(check, state, text, step) for check in CHECKS))


def many_accounts(
    count: int, troubles: int = 1, text: str = "SupportRoleScanner cannot be assumed"
) -> Report:
    """The same few troubles in many accounts, each with a long name."""
    return a_report(
        *(
            Diagnosis(
                "aws.scan-role",
                State.WRONG,
                f"{text} (Code{number % troubles})",
                "Deploy the role. " * 20,
                (f"account-{number:05d}-{'w' * 30} ({number:012d})",),
            )
            for number in range(count)
        )
    )


def doctor_messages(hostile: Mapping[str, str]) -> Iterator[tuple[str, Message]]:
    yield "doctor begun", begun()
    yield "doctor, nothing looked at", report(a_report())
    for state in State:
        yield f"doctor, all {state.value}", report(every_check(state))
        yield f"doctor, all {state.value} and long", report(every_check(state, LONG, LONG))
    yield "doctor, 10,000 accounts", report(many_accounts(10_000))
    yield "doctor, 10,000 accounts and troubles", report(many_accounts(10_000, 10_000, LONG))
    for name, text in hostile.items():
        found = [
            Diagnosis(check, state, text, text, about)
            for check in ("aws.scan-role", "slack.approvers")
            for state in State
            for about in ((), (text,) * 5)
        ]
        yield f"doctor hostile {name}", report(a_report(*found))
