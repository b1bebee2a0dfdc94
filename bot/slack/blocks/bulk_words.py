"""What the message of a bulk request says in each of its states, and of each of its accounts."""

from bot.domain.bulk import BulkState
from bot.domain.request import RequestState

TITLES = {
    BulkState.PREPARING: "Preparing support roles for {accounts}",
    BulkState.PENDING: "Approval needed: support roles for {accounts}",
    BulkState.RUNNING: "Creating support roles: {good} of {accounts}",
    BulkState.STOPPING: "Stopping: {good} of {accounts} so far",
    BulkState.DONE: "Done: support roles for {accounts}",
    BulkState.STOPPED: "Stopped: {good} of {accounts}",
    BulkState.DENIED: "Denied: support roles for {accounts}",
    BulkState.EXPIRED: "Expired: support roles for {accounts}",
    BulkState.REFUSED: "Refused by a rule: support roles for {accounts}",
}
SENTENCES = {
    BulkState.PREPARING: "Reading the accounts and checking the rules. Nothing has been changed.",
    BulkState.PENDING: "A second person decides about all of them. Whoever asked cannot approve.",
    BulkState.RUNNING: "All rules are checked again for each account before anything is written there. "
    "The first account that does not end well stops the rest.",
    BulkState.STOPPING: "Nothing more is begun; what had begun goes to its end.",
    BulkState.DONE: "Every account that was approved was done as planned.",
    BulkState.STOPPED: "It stopped before its end: the accounts that are left were not attempted.",
    BulkState.DENIED: "Nothing was changed.",
    BulkState.EXPIRED: "Nobody approved in time. Nothing was changed.",
    BulkState.REFUSED: "No account was left that could be fixed. Nothing was changed.",
}
NEXT_STEPS = {
    BulkState.DONE: "`{command} status` shows the accounts.",
    BulkState.STOPPED: "Mend the cause, then ask again for the rest: `{command} fix verdict:fail`",
    BulkState.DENIED: "Ask whoever denied it why.",
    BulkState.EXPIRED: "Ask again: `{command} fix verdict:fail`",
    BulkState.REFUSED: "Mend what kept each account out, then ask again: `{command} fix verdict:fail`",
}
WELL = "\N{WHITE HEAVY CHECK MARK}"
BADLY = "\N{CROSS MARK}"
WAITING = "\N{WHITE LARGE SQUARE}"
RUNNING = "\N{HOURGLASS WITH FLOWING SAND}"
UNSURE = "\N{WARNING SIGN}"
ASIDE = "\N{WHITE CIRCLE}"
MARKS = {
    RequestState.PREPARING: WAITING,
    RequestState.PENDING: WAITING,
    RequestState.APPROVED: WAITING,
    RequestState.APPLYING: RUNNING,
    RequestState.APPLIED: WELL,
    RequestState.REHEARSED: WELL,
    RequestState.ALREADY_FIXED: WELL,
    RequestState.APPLIED_UNVERIFIED: UNSURE,
    RequestState.UNDONE: ASIDE,
    RequestState.SKIPPED: ASIDE,
    RequestState.DENIED: ASIDE,
    RequestState.EXPIRED: ASIDE,
}
"""All others have ended badly."""
WORDS = {
    RequestState.PENDING: "to be decided",
    RequestState.APPROVED: "waits for its turn",
    RequestState.APPLYING: "is being changed",
    RequestState.APPLIED: "done and read back",
    RequestState.APPLIED_UNVERIFIED: "written, but not read back",
    RequestState.REHEARSED: "rehearsed, nothing written",
    RequestState.FAILED: "failed",
    RequestState.SKIPPED: "not attempted",
    RequestState.UNDONE: "undone",
    RequestState.ALREADY_FIXED: "has a support role already",
    RequestState.SUPERSEDED: "its plan was out of date",
    RequestState.REFUSED: "refused by a rule",
}
"""What one line says of an account; other states by their own name."""
URGENCY = (
    RequestState.FAILED,
    RequestState.REFUSED,
    RequestState.SUPERSEDED,
    RequestState.APPLIED_UNVERIFIED,
    RequestState.ALREADY_FIXED,
    RequestState.EXPIRED,
    RequestState.UNDONE,
    RequestState.APPLYING,
    RequestState.APPLIED,
    RequestState.REHEARSED,
)
"""Which lines are kept where not all of them fit; all other states come after these."""
EXPLAINED = frozenset(URGENCY[:6])
"""States of which the line gives the reason."""
