"""The one root of our exceptions. Refusals are values (guards.Refused); these are faults."""


class SupportRoleError(Exception):
    """Something went wrong that a person must read: the message says what, where and what to do next.

    Every subclass passes all its arguments to `super().__init__`, because the durable engine rebuilds an
    exception from its `args` and an argument kept back comes home as a TypeError.
    """


class SettingsError(SupportRoleError):
    """The configuration is wrong; `str()` lists every problem in it, one a line."""


class StoreError(SupportRoleError):
    """The database could not be read or written."""


class AuditError(SupportRoleError):
    """The audit chain is broken, or an event could not be recorded. No audit, no write."""


class AwsError(SupportRoleError):
    """AWS refused or failed a call for good. `str()` names the call, the account and the next step."""

    def __init__(self, text: str, code: str, request_id: str = "") -> None:
        super().__init__(text, code, request_id)
        self.text = text
        self.code = code
        self.request_id = request_id

    def __str__(self) -> str:
        return self.text


class MessengerError(SupportRoleError):
    """Slack refused or failed a call. `code` is Slack's own error word, e.g. `not_in_channel`."""

    def __init__(self, text: str, code: str) -> None:
        super().__init__(text, code)
        self.text = text
        self.code = code

    def __str__(self) -> str:
        return self.text
