"""Open forms: what a modal is about. Its private_metadata is the form's id and nothing else."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from secrets import token_hex

from sqlalchemy import Connection, delete, insert, select

from bot.domain.request import Person
from bot.store.codec import dump, load
from bot.store.tables import forms

KEEP_FOR = timedelta(days=1)


@dataclass(frozen=True, slots=True)
class FormRow:
    id: str
    person: Person
    """Who opened it, and alone may submit it."""
    channel: str
    """Where it was opened from: private answers go there."""
    account_id: str
    """Empty until an account is chosen."""
    request_id: str = ""
    """Of a form about a request."""
    account_ids: tuple[str, ...] = ()
    """Of a form about several accounts, in the order in which they were offered."""


def add_form(
    connection: Connection,
    person: Person,
    *,
    channel: str,
    account_id: str,
    now: datetime,
    request_id: str = "",
    account_ids: tuple[str, ...] = (),
) -> str:
    """Keep what a modal is about; its id."""
    connection.execute(delete(forms).where(forms.c.at < now - KEEP_FOR))
    form_id = f"form-{token_hex(10)}"
    connection.execute(
        insert(forms).values(
            id=form_id,
            person=dump(person),
            channel=channel,
            account_id=account_id,
            request_id=request_id,
            account_ids=list(account_ids),
            at=now,
        ),
    )
    return form_id


def read_form(connection: Connection, form_id: str) -> FormRow | None:
    row = connection.execute(select(forms).where(forms.c.id == form_id)).first()
    if row is None:
        return None
    person, several = load(Person, row.person), tuple(row.account_ids or ())
    return FormRow(row.id, person, row.channel, row.account_id, row.request_id, several)
