"""**Behind the scenes**: the page beside the Slack workspace that shows what the bot does, and breaks things.

`panel_routes(stage)` are its routes; `stage` is the running sandbox (`Stage` says what the page needs of it).
Beside the page, over HTTP: GET `/sandbox/behind/state`, `verify`; POST (JSON, of this origin alone)
`/sandbox/behind/move` and the name of each switch in `deeds.DEEDS`.
"""

from bot.sandbox.panel.routes import PANEL, PATH, panel_routes
from bot.sandbox.panel.stage import NothingToDoError, Stage

__all__ = ["PANEL", "PATH", "NothingToDoError", "Stage", "panel_routes"]
