"""Every id that Slack hands back to us: what listeners listen for and what blocks carry."""

from enum import StrEnum

COMMAND = "/support-role"


class ActionId(StrEnum):
    """What was clicked. A button's value is a request id or the words of a scope, never a decision."""

    STATUS_RECHECK = "status.recheck"
    """Value: the scope's words; no value for all accounts."""
    STATUS_FIX = "status.fix"
    """Value: the scope's words; no value for all accounts. Which accounts fail is read anew."""
    REQUEST_APPROVE = "request.approve"
    """Value: the request id."""
    REQUEST_DENY = "request.deny"
    """Value: the request id."""
    REQUEST_PLAN = "request.plan"
    """Value: the request id."""
    FIX_ACCOUNT = "fix.account"
    """The select in the modal that chooses an account; an option's value is an account id."""
    FIX_REASON = "fix.reason"
    """The text field of the reason."""


class CallbackId(StrEnum):
    """Which modal was submitted."""

    FIX = "fix.submit"
    FIX_CHOOSE = "fix.choose"


class BlockId(StrEnum):
    """Input blocks: where a submitted value stands in `view.state.values[BlockId][ActionId]`."""

    FIX_ACCOUNT = "fix.account.block"
    FIX_REASON = "fix.reason.block"


class MetadataEvent(StrEnum):
    """The `event_type` of message metadata. Other apps can read it: it carries no authority and no secret."""

    AUDIT = "support_role_audit"
    DIGEST = "support_role_digest"
