"""The Slack side. Nothing of AWS is imported here: an ack must not wait for boto3."""

from slack_bolt.async_app import AsyncApp

from bot.flows.desk import Desk
from bot.settings import Settings
from bot.slack.app import build_app
from bot.slack.client import build_async_client, build_client
from bot.slack.reception import build_reception


def build_slack_app(settings: Settings, desk: Desk) -> AsyncApp:
    slack = settings.slack
    token = slack.bot_token.get_secret_value()
    reception = build_reception(desk, build_client(token, slack.api_url))
    client = build_async_client(token, slack.api_url)
    return build_app(client, reception, signing_secret=slack.signing_secret.get_secret_value())
