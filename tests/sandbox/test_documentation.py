"""What docs/sandbox.md shows can be done as it stands there."""

import asyncio
import os
import re
import subprocess
import sys
from pathlib import Path

from bot.sandbox.configuration import clean_environment
from bot.sandbox.panel.deeds import DEEDS
from bot.sandbox.running import Sandbox
from bot.sandbox.slack import RILEY, LocalSlack, Person

ROOT = Path(__file__).parents[2]
PAGE = (ROOT / "docs" / "sandbox.md").read_text("utf-8")
SCRIPTS = ROOT / "bot" / "sandbox" / "panel" / "page"


def _code_with(words: str) -> str:
    found: list[str] = re.findall(r"```python\n(.*?)```", PAGE, re.DOTALL)
    return next(code for code in found if words in code)


def test_somebody_else_s_app_speaks_with_the_local_slack() -> None:
    async def story() -> None:
        async with LocalSlack() as slack, Person(slack.url, RILEY) as riley:
            environment = {**clean_environment(), **slack.environment}
            command = [sys.executable, "-c", _code_with("SocketModeHandler")]
            app = await asyncio.create_subprocess_exec(
                *command, env=environment, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, cwd=os.sep
            )
            try:
                await slack.wait_for_app(30)
                await riley.command("/hello", "cloud-security")
                assert (await riley.wait_for_message("cloud-security", "Hello")).text == f"Hello, <@{RILEY}>!"
            finally:
                app.kill()
                await app.wait()

    asyncio.run(story())


def test_what_tests_may_do_to_a_sandbox_exists() -> None:
    named = set(re.findall(r"sandbox\.(\w+)\(", _code_with("Sandbox(port=0)")))

    assert named
    assert {name for name in named if not hasattr(Sandbox, name)} == set()


def test_every_switch_stands_on_the_page_and_nothing_else_does() -> None:
    script = (SCRIPTS / "switches.js").read_text("utf-8") + (SCRIPTS / "panel.js").read_text("utf-8")
    pressed = set(re.findall(r'deed: "(\w+)"|more: \[\["(\w+)"|act\("(\w+)"', script))
    pressed_names = {name for names in pressed for name in names if name}
    taken_back = {"allow", "spare", "take_back"}

    assert pressed_names | taken_back == set(DEEDS)
