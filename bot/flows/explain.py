"""The Slack side of an explanation: asking a worker for one. Nothing of AWS, and nothing is kept."""

from secrets import token_hex

from sqlalchemy import Connection

from bot.domain.account import AccountId
from bot.flows.desk import Desk
from bot.flows.engine import LOOKS


def ask_to_explain(
    desk: Desk, connection: Connection, account_id: AccountId, *, user_id: str, channel: str
) -> None:
    """Have an account looked into deeper; whoever asked is told privately, in the channel if they can be."""
    desk.enqueue(
        connection, "explain", account_id, user_id, channel, queue=LOOKS, key=f"explain:{token_hex(8)}"
    )
