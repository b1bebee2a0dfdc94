"""AWS on loopback: moto, behind a layer that refuses what IAM and STS refuse and moto lets in.

`python -m bot.sandbox.aws --port 0 --accounts 12` plays the organization of `bot.sandbox.world` in a process
of its own, prints `READY http://127.0.0.1:PORT` and ends with SIGTERM (and, with --child, with its parent).

`bot.sandbox.aws.process.start_aws(accounts=12, port=0)` is that process as a context manager, giving its URL.
`bot.sandbox.aws.switches_client.AwsSwitches(url)` has the journal, what is in IAM, and the switches.

Over HTTP, beside AWS's protocols: GET `/_sandbox/calls`, `notable`, `state`; POST (JSON) `/_sandbox/deny`,
`allow`, `throttle`, `fail`, `pause`, `release`, `role`, `role_back`, `delete`, `clock`. `control` says what
each takes.

It is the other side of `bot.aws`, and imports nothing of it, so that they cannot share a mistake.
"""
