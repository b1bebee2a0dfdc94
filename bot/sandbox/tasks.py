"""Waiting for whichever comes first."""

import asyncio
from typing import Any


async def first_of(*tasks: "asyncio.Task[Any]") -> None:
    """Wait for one of the tasks, and cancel the others."""
    try:
        await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
