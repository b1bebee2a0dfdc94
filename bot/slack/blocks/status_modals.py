"""The modals behind *Explain…* and *Export…*: which account, and as which kind of file."""

from collections.abc import Sequence

from bot.domain.status import KnownFinding
from bot.slack.blocks import kit, menus
from bot.slack.blocks.attention import share
from bot.slack.blocks.fix import option
from bot.slack.blocks.kit import Block, View
from bot.slack.blocks.mrkdwn import Mrkdwn, code, md
from bot.slack.blocks.words import counted
from bot.slack.ids import COMMAND, ActionId, BlockId, CallbackId

EXPORTS = {
    "csv": "for a spreadsheet: one line an account",
    "json": "everything, with the evidence, as one document",
    "jsonl": "the same, one account a line",
    "markdown": "to be read, and pasted into a ticket",
    "ocsf": "for a data lake: Compliance Findings",
    "asff": "for AWS Security Hub",
}
"""Each form that can be exported, and what it is for; those that most want come first."""
EVIDENCE = ("evidence", "for an auditor: a zip with waivers, fixes and the audit log as well")
"""Always of all accounts."""


def explain_modal(items: Sequence[KnownFinding], *, form_id: str) -> View:
    """Choose one of the accounts that need attention; some of each verdict where they do not all fit.

    `form_id` comes back as `private_metadata`; there must be one account.
    """
    chosen = share(items, kit.OPTIONS_LIMIT)
    hidden = len(items) - len(chosen)
    blocks = [
        menus.select_input(
            "Which account?",
            BlockId.EXPLAIN_ACCOUNT,
            ActionId.EXPLAIN_ACCOUNT,
            [(item.finding.account.id, _option(item)) for item in chosen],
            chosen=chosen[0].finding.account.id,
        ),
        kit.context(_not_listed(hidden)) if hidden else None,
        kit.context(
            md("The account is read anew, and you alone get the evidence: roles, who can use them, why.")
        ),
    ]
    return kit.modal(
        "Explain an account",
        blocks,
        callback_id=CallbackId.EXPLAIN,
        submit="Explain",
        close="Cancel",
        private_metadata=form_id,
    )


def _option(item: KnownFinding) -> str:
    """Verdict and id first: they are never cut off."""
    return f"{item.finding.verdict.value} {option(item.finding.account)}"


def _not_listed(hidden: int) -> Mrkdwn:
    return md(
        "{n} not fit here. For one of them, or one that passes, type {command}.",
        n=counted(hidden, "more account does", "more accounts do"),
        command=code(f"{COMMAND} explain ACCOUNT"),
    )


def export_modal(scope: str) -> View:
    """Choose the form of a file about `scope`; the words of the command, or empty for all accounts."""
    about = md("Only {scope}", scope=code(scope)) if scope else md("All accounts")
    blocks = [
        kit.section(md("{about}, with what the last check found. The file comes to you alone.", about=about)),
        *[_form(form, words, scope) for form, words in EXPORTS.items()],
        None if scope else _form(*EVIDENCE, scope),
    ]
    return kit.modal("Export findings", blocks)


def _form(form: str, words: str, scope: str) -> Block:
    button = kit.button(form, ActionId.EXPORT_FORM, value=f"{form} {scope}".rstrip())
    return kit.section(md("*{form}* {words}", form=form, words=words)) | {"accessory": button}
