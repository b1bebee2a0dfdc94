"""What the approval message says in each state of a request, and for each step of a fix."""

from bot.domain.request import ApplyStep, RequestState, StepState

STEP_TITLES = {
    ApplyStep.GUARDS: "Check all rules again",
    ApplyStep.ASSUME: "Sign in to the account",
    ApplyStep.CREATE: "Create the role",
    ApplyStep.ATTACH: "Attach AWSSupportAccess",
    ApplyStep.VERIFY: "Read it back",
    ApplyStep.AUDIT: "Record it",
}
STEP_MARKS = {
    StepState.PENDING: "\N{WHITE LARGE SQUARE}",
    StepState.IN_PROGRESS: "\N{HOURGLASS WITH FLOWING SAND}",
    StepState.COMPLETE: "\N{WHITE HEAVY CHECK MARK}",
    StepState.ERROR: "\N{CROSS MARK}",
}
TITLES = {
    RequestState.PREPARING: "Preparing a support role for {label}",
    RequestState.PENDING: "Approval needed: a support role for {label}",
    RequestState.APPROVED: "Approved: a support role for {label}",
    RequestState.APPLYING: "Creating a support role in {label}",
    RequestState.APPLIED: "Done: {label} has a support role",
    RequestState.APPLIED_UNVERIFIED: "Applied, not yet visible: a support role for {label}",
    RequestState.REHEARSED: "Rehearsed: a support role for {label}",
    RequestState.FAILED: "Failed: a support role for {label}",
    RequestState.DENIED: "Denied: a support role for {label}",
    RequestState.EXPIRED: "Expired: a support role for {label}",
    RequestState.REFUSED: "Refused by a rule: a support role for {label}",
    RequestState.SUPERSEDED: "Out of date: a support role for {label}",
    RequestState.ALREADY_FIXED: "Nothing to do: {label} has a support role already",
    RequestState.UNDONE: "Undone: the support role in {label} is gone",
    RequestState.SKIPPED: "Not attempted: a support role for {label}",
}
SENTENCES = {
    RequestState.PREPARING: "Reading the account and checking the rules. Nothing has been changed.",
    RequestState.PENDING: "A second person decides: approve or deny. Whoever asked cannot approve.",
    RequestState.APPROVED: "It starts in a moment. All rules are checked again before anything is written.",
    RequestState.APPLYING: "All rules are checked again before anything is written.",
    RequestState.APPLIED: "The role is in place: it was created and read back, with its policy and trust.",
    RequestState.APPLIED_UNVERIFIED: "AWS accepted every call, but the role could not be read back yet.",
    RequestState.REHEARSED: "Every rule and the plan were checked, and nothing stands in the way.",
    RequestState.FAILED: "It stopped with an error, and is not tried again.",
    RequestState.DENIED: "Nothing was changed.",
    RequestState.EXPIRED: "Nobody approved in time. Nothing was changed.",
    RequestState.REFUSED: "Nothing was changed.",
    RequestState.SUPERSEDED: "The account changed after the plan was made. This request changed nothing.",
    RequestState.ALREADY_FIXED: "A role with AWSSupportAccess was there before. Nothing was changed.",
    RequestState.UNDONE: "The role that this request created was removed again.",
    RequestState.SKIPPED: "The bulk request stopped before it came to this account. Nothing was changed.",
}
NEXT_STEPS = {
    RequestState.APPLIED: "Nothing is left to do. `{command} status {account}` shows the account.",
    RequestState.APPLIED_UNVERIFIED: "Look again in a few minutes: `{command} status {account}`",
    RequestState.REHEARSED: "To let fixes change AWS, set remediation.mode to apply.",
    RequestState.FAILED: "Mend the cause, then ask again: `{command} fix {account}`",
    RequestState.DENIED: "Ask whoever denied it why; a new request is `{command} fix {account}`",
    RequestState.EXPIRED: "Ask again: `{command} fix {account}`",
    RequestState.REFUSED: "When the rule no longer forbids it, ask again: `{command} fix {account}`",
    RequestState.SUPERSEDED: "Ask again, with a new plan: `{command} fix {account}`",
    RequestState.ALREADY_FIXED: "Nothing is left to do. `{command} status {account}` shows the account.",
    RequestState.UNDONE: "`{command} status {account}` shows the account.",
    RequestState.SKIPPED: "Ask again: `{command} fix {account}`",
}
