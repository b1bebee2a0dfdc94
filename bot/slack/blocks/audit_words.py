"""What the audit channel says of each kind of event, and what it calls their details."""

VERBS = {
    "fix.requested": "{who} asked for a support role in {account}",
    "fix.approved": "{who} approved a support role for {account}",
    "fix.denied": "{who} denied a support role for {account}",
    "fix.refused": "A rule refused a support role for {account}, wanted by {who}",
    "fix.expired": "Nobody decided in time about a support role for {account}, asked for by {asker}",
    "fix.superseded": "The plan of a support role for {account} is out of date, asked for by {asker}",
    "fix.already-fixed": "{account} has a support role already, asked for by {asker}",
    "fix.skipped": "{account} was not attempted: the bulk request stopped before it came to it",
    "bulk.requested": "{who} asked for support roles in many accounts",
    "bulk.approved": "{who} approved support roles for many accounts",
    "bulk.denied": "{who} denied support roles for many accounts",
    "bulk.refused": "A rule refused support roles for many accounts, wanted by {who}",
    "bulk.expired": "Nobody decided in time about support roles for many accounts, asked for by {asker}",
    "bulk.stop-asked": "{who} stopped a bulk request",
    "bulk.stopped": "A bulk request stopped before its end, asked for by {asker}",
    "bulk.done": "A bulk request has come to its end, approved by {approver}",
    "change.intended": "About to create a support role in {account}, approved by {approver}",
    "change.applied": "AWS accepted the support role in {account}, approved by {approver}",
    "change.verified": "The support role in {account} was read back and is in place, approved by {approver}",
    "change.unverified": "The support role in {account} cannot be read back yet, approved by {approver}",
    "change.rehearsed": "Dry run: a support role for {account} was rehearsed, and nothing was written",
    "change.failed": "The support role for {account} could not be created, asked for by {asker}",
    "change.late": "A call about the support role in {account} was on its way while its request ended",
    "change.undone": "The support role in {account} was taken away and is gone, approved by {approver}",
    "undo.requested": "{who} asked to take the support role of {account} away again",
    "undo.approved": "{who} approved the removal of the support role of {account}",
    "undo.denied": "{who} denied the removal of the support role of {account}",
    "undo.refused": "A rule refused the removal of the support role of {account}, wanted by {who}",
    "undo.expired": "Nobody decided in time about the removal of the support role of {account}, "
    "asked for by {asker}",
    "undo.superseded": "The removal of the support role of {account} is out of date, asked for by {asker}",
    "waiver.requested": "{who} asked for a waiver for {account}",
    "waiver.granted": "{who} granted a waiver for {account}",
    "waiver.denied": "{who} denied a waiver for {account}",
    "waiver.refused": "A rule refused {who} about a waiver for {account}",
    "waiver.undecided": "Nobody decided in time about a waiver for {account}, asked for by {asker}",
    "waiver.replaced": "A newer waiver for {account} took the place of this one",
    "waiver.reminded": "The owner of the waiver for {account} was reminded of its end",
    "waiver.revoked": "{who} revoked the waiver for {account}",
    "waiver.expired": "The waiver for {account} ended",
    "settings.paused": "{who} paused fixes and undos: nothing is approved or written",
    "settings.resumed": "{who} resumed fixes and undos: approvals and writes go on",
    "doctor.refused": "A rule refused {who} the doctor's report",
    "settings.refused": "A rule refused {who} about pausing or resuming fixes",
    "digest.posted": "A digest was posted",
    "digest.failed": "A digest could not be posted",
    "digest.subscribed": "{who} subscribed a channel to the daily digest",
    "digest.unsubscribed": "{who} switched the daily digest of a channel off",
    "scan.finished": "A check of the accounts finished",
}
"""What each kind of event says; a kind that is not here is shown by its name."""

OF_A_CLICK = {
    "fix.refused": "A rule refused {who} about a support role for {account}",
    "bulk.refused": "A rule refused {who} about support roles for many accounts",
    "undo.refused": "A rule refused {who} about the removal of the support role of {account}",
}
"""Kinds that say who wanted it, where the event tells in which place somebody pressed a button: they need not
be who wanted it."""

OF_AN_UNDO = {
    "change.intended": "About to take the support role of {account} away, approved by {approver}",
    "change.unverified": "The support role of {account} was deleted, but still shows, approved by {approver}",
    "change.rehearsed": "Dry run: the removal of the support role of {account} was rehearsed, and nothing "
    "was written",
    "change.failed": "The support role of {account} could not be taken away, asked for by {asker}",
}
"""Kinds that fixes have too, where the event says that it is about an undo."""

SAY_IT_ALL = frozenset(
    {
        "fix.requested",
        "fix.approved",
        "fix.denied",
        "fix.skipped",
        "bulk.requested",
        "bulk.approved",
        "bulk.denied",
        "bulk.expired",
        "bulk.stop-asked",
        "undo.requested",
        "undo.approved",
        "undo.denied",
        "change.intended",
        "change.applied",
        "change.verified",
        "change.rehearsed",
        "waiver.requested",
        "waiver.granted",
        "waiver.denied",
        "waiver.undecided",
        "waiver.revoked",
        "settings.paused",
        "settings.resumed",
        "digest.subscribed",
        "digest.unsubscribed",
    }
)
"""Kinds whose outcome would say the same again: what more it says stands among the facts."""
UNDECIDED = frozenset({"fix.expired", "undo.expired"})
"""The same, unless somebody approved and it was then too late."""

ROLE_ARN = "role_arn"
ACCOUNT_NAME = "account_name"
REQUESTER = "requester"
APPROVER = "approver"
OWNER = "owner"
WHERE = "where"
CHANNEL = "channel"
MODE = "mode"
REASON = "reason"
UNDOES = "undoes"
PRESSED = "Pressed in"
"""Where a button was pressed by which nothing was decided."""
LABELS = {
    REQUESTER: "Asked by",
    APPROVER: "Approved by",
    OWNER: "Owner",
    WHERE: "Decided in",
    UNDOES: "Undoes",
    "bulk": "Bulk request",
    "count": "Number of accounts",
    "guard": "Rule",
    "until": "Last day",
    "day": "Day",
}
"""What a detail is called; others by their own name."""
MODE_WORDS = {"apply": "Apply", "dry-run": "Dry run", "off": "Off"}
