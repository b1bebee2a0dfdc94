"""support-role-bot: checks every AWS account for a support role, and grants it with four eyes."""

__version__ = "0.1.0"
