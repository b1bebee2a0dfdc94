"""Hand-written stand-ins for what the flows reach outside: Slack, AWS and the clock."""
