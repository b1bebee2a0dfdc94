"""What the bot does when something comes in from Slack, one story a file; all of it after the ack."""
