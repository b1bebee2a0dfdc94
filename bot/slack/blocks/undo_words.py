"""What the approval message of an undo says in each state; nothing here can be taken for a fix."""

from bot.domain.request import RequestState

TITLES = {
    RequestState.PREPARING: "Preparing to remove the support role of {label}",
    RequestState.PENDING: "Approval needed to REMOVE the support role of {label}",
    RequestState.APPROVED: "Approved: removal of the support role of {label}",
    RequestState.APPLYING: "Removing the support role of {label}",
    RequestState.APPLIED_UNVERIFIED: "Deleted, but still shown: the support role of {label}",
    RequestState.REHEARSED: "Rehearsed: removal of the support role of {label}",
    RequestState.FAILED: "Failed: removal of the support role of {label}",
    RequestState.DENIED: "Denied: removal of the support role of {label}",
    RequestState.EXPIRED: "Expired: removal of the support role of {label}",
    RequestState.REFUSED: "Refused: removal of the support role of {label}",
    RequestState.SUPERSEDED: "Out of date: removal of the support role of {label}",
    RequestState.UNDONE: "Removed: the support role of {label}",
}
TITLE = "Removal of the support role of {label}"
SENTENCES = {
    RequestState.PREPARING: "Reading the role anew. Nothing has been touched.",
    RequestState.PENDING: (
        "A second person decides whether the role that this bot created is taken away again. "
        "Whoever asked for that cannot approve it. The account then fails, "
        "unless another role carries AWSSupportAccess."
    ),
    RequestState.APPROVED: "It starts in a moment. The role is read once more before anything is touched.",
    RequestState.APPLYING: "The role is read once more before anything is touched.",
    RequestState.APPLIED_UNVERIFIED: "AWS accepted every call, but the role was not seen to be gone yet.",
    RequestState.REHEARSED: "Every rule and the role were checked, and nothing stands in the way.",
    RequestState.FAILED: "It stopped with an error, and is not tried again.",
    RequestState.DENIED: "The role stays. Nothing was touched.",
    RequestState.EXPIRED: "Nobody approved in time. The role stays, and nothing was touched.",
    RequestState.REFUSED: "It was not done. Nothing was touched.",
    RequestState.SUPERSEDED: "What the fix left is not what was approved to go. Nothing was touched.",
    RequestState.UNDONE: "The role that the fix created was taken away, and was seen to be gone.",
}
PRESS = "If it is still wanted, press Undo on the record of the fix again."
NEXT_STEPS = {
    RequestState.APPLIED_UNVERIFIED: "Wait a few minutes, then press Undo on the record of the fix again.",
    RequestState.REHEARSED: "To let undos change AWS, set remediation.mode to apply.",
    RequestState.FAILED: "Mend the cause, then press Undo on the record of the fix again.",
    RequestState.DENIED: f"Ask whoever denied it why. {PRESS}",
    RequestState.EXPIRED: PRESS,
    RequestState.REFUSED: "Look at the role by hand.",
    RequestState.SUPERSEDED: PRESS,
    RequestState.UNDONE: "`{command} status {account}` shows the account.",
}
STEP_TITLES = {
    "guards": "Check all rules and the role again",
    "remove": "Detach AWSSupportAccess and delete the role",
    "gone": "See that it is gone",
    "audit": "Record it",
}
