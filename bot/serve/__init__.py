"""Running the bot: one command, two processes that meet in the database alone.

The Slack side must ack within three seconds and does nothing else; boto3's threads beside it cost acks. So
AWS work is a worker's, a child process that is started, watched and started again.
"""
