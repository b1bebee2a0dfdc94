"""Ids for the blocks that can be pressed, the same each time a message is shown again.

A block without an id gets another one from Slack with every update, so that a click on its way while the
message is shown again names a block that is no longer there.
"""

import hashlib
import json
from collections import Counter
from collections.abc import Iterable, Iterator
from typing import Any

LENGTH = 16


def named(blocks: Iterable[dict[str, Any]]) -> tuple[dict[str, Any], ...]:
    """The blocks, each with buttons under an id that its buttons make: their action ids and their values.

    A button that stands for something else thus stands in another block: a late click is never taken for one
    on what has come into its place.
    """
    return tuple(_named(blocks))


def _named(blocks: Iterable[dict[str, Any]]) -> Iterator[dict[str, Any]]:
    seen: Counter[str] = Counter()
    for block in blocks:
        does = [(one["action_id"], one.get("value", "")) for one in _pressed(block)]
        if not does or "block_id" in block:
            yield block
            continue
        block_id = hashlib.sha256(json.dumps(does).encode()).hexdigest()[:LENGTH]
        seen[block_id] += 1
        yield block | {"block_id": block_id if seen[block_id] == 1 else f"{block_id}.{seen[block_id]}"}


def _pressed(block: dict[str, Any]) -> list[dict[str, Any]]:
    """The elements of a row of buttons, or the one beside a section."""
    shown = block["elements"] if block["type"] == "actions" else [block.get("accessory", {})]
    return [element for element in shown if "action_id" in element]
