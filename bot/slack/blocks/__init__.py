"""Slack's messages, modals and home tab: pure functions from domain values to Block Kit.

Everything is built through `kit`, and all text that comes from AWS or from people through `mrkdwn`.
"""
