"""`support-role iam`: the IAM roles to deploy, with no more rights than the code uses."""

import re

import click

from bot.cli.common import Invocation, door
from bot.cli.iam_formats import FORMATS
from bot.cli.iam_policies import build_templates

_PRINCIPAL = re.compile(r"arn:aws[a-z-]*:iam::\d{12}:(?:role|user)/[\w+=,.@/-]{1,512}", re.ASCII)


@click.command("iam", short_help="Print the IAM roles to deploy to member accounts and to the bot.")
@click.option(
    "--format",
    "form",
    type=click.Choice(tuple(FORMATS)),
    default="cloudformation",
    show_default=True,
    help="CloudFormation (for a StackSet), Terraform, or bare policy documents.",
)
@click.option(
    "--principal", metavar="ARN", help="The role or user that the bot runs as; else it is asked for."
)
@door()
def command(invocation: Invocation, form: str, principal: str | None) -> None:
    """Print the scan role and the remediation role for member accounts, and the policy for the bot itself.

    Names, path and boundary are those of settings. Secrets are never printed: an external id is a parameter.
    """
    if principal is not None and not _PRINCIPAL.fullmatch(principal):
        raise click.BadParameter("it should be the whole ARN of a role or user", param_hint="--principal")
    click.echo(FORMATS[form](build_templates(invocation.settings()), principal), nl=False)
