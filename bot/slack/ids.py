"""Every id that Slack hands back to us: what listeners listen for and what blocks carry."""

from enum import StrEnum

COMMAND = "/support-role"


class ActionId(StrEnum):
    """What was clicked. A button's value is a request id or the words of a scope, never a decision."""

    STATUS_RECHECK = "status.recheck"
    """Value: the scope's words; no value for all accounts."""
    STATUS_FIX = "status.fix"
    """Value: the scope's words; no value for all accounts. Which accounts fail is read anew."""
    STATUS_EXPLAIN = "status.explain"
    """Value: the scope's words; no value for all accounts. Opens the modal that chooses one."""
    STATUS_EXPORT = "status.export"
    """Value: the scope's words; no value for all accounts. Opens the modal that chooses a form."""
    EXPLAIN_ACCOUNT = "explain.account"
    """The select in the modal that chooses an account; an option's value is an account id."""
    EXPORT_FORM = "export.form"
    """Value: the form and the scope's words, as they are typed after `export`."""
    HOME_CHECK = "home.check"
    HOME_REFRESH = "home.refresh"
    REQUEST_APPROVE = "request.approve"
    """Value: the request id."""
    REQUEST_DENY = "request.deny"
    """Value: the request id."""
    REQUEST_PLAN = "request.plan"
    """Value: the request id."""
    PLAN_AS_TEXT = "plan.text"
    """Value: a request id, or the id of a form."""
    PLAN_FORM = "plan.form"
    """The select of the text's form; what the plan is of stands in the modal's private_metadata."""
    REQUEST_UNDO = "request.undo"
    """Value: the id of the fix. Opens the modal that asks for its undo."""
    BULK_APPROVE = "bulk.approve"
    """Value: the id of the bulk request."""
    BULK_DENY = "bulk.deny"
    """Value: the id of the bulk request."""
    BULK_STOP = "bulk.stop"
    """Value: the id of the bulk request."""
    BULK_PLANS = "bulk.plans"
    """Value: the id of the bulk request."""
    BULK_CANARY = "bulk.canary"
    """The select of the account that is fixed first; an option's value is an account id."""
    BULK_WAVE = "bulk.wave"
    """The select of how many are fixed at the same time."""
    FIX_ACCOUNT = "fix.account"
    """The select in the modal that chooses an account; an option's value is an account id."""
    FIX_REASON = "fix.reason"
    """The text field of the reason."""
    UNDO_REASON = "undo.reason"
    """The text field of the reason."""
    WAIVER_APPROVE = "waiver.approve"
    """Value: the waiver's id."""
    WAIVER_DENY = "waiver.deny"
    """Value: the waiver's id."""
    WAIVER_REVOKE = "waiver.revoke"
    """Value: the waiver's id."""
    WAIVE_OWNER = "waive.owner"
    """The select of a person."""
    WAIVE_UNTIL = "waive.until"
    """The date picker of the last day."""
    WAIVE_REASON = "waive.reason"
    """The text field of the reason."""


class CallbackId(StrEnum):
    """Which modal was submitted."""

    FIX = "fix.submit"
    FIX_CHOOSE = "fix.choose"
    EXPLAIN = "explain.submit"
    BULK = "bulk.submit"
    UNDO = "undo.submit"
    WAIVE = "waive.submit"


class BlockId(StrEnum):
    """Input blocks: where a submitted value stands in `view.state.values[BlockId][ActionId]`."""

    FIX_ACCOUNT = "fix.account.block"
    EXPLAIN_ACCOUNT = "explain.account.block"
    FIX_REASON = "fix.reason.block"
    BULK_CANARY = "bulk.canary.block"
    BULK_WAVE = "bulk.wave.block"
    UNDO_REASON = "undo.reason.block"
    WAIVE_OWNER = "waive.owner.block"
    WAIVE_UNTIL = "waive.until.block"
    WAIVE_REASON = "waive.reason.block"


class MetadataEvent(StrEnum):
    """The `event_type` of message metadata. Other apps can read it: it carries no authority and no secret."""

    AUDIT = "support_role_audit"
    DIGEST = "support_role_digest"
