"""Blocks and views as TypeScript: one constant for each, of the type that Slack's package gives its kind."""

import json
import re
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

Json = Mapping[str, Any]

UNKNOWN = frozenset({"data_visualization"})
"""Blocks that Slack has and @slack/types 3.2 does not: left out, until tsc says that it knows them."""

_ENUM_LIKE = re.compile(r"[a-z_]{1,40}")
_ANY_TEXT = "\N{HORIZONTAL ELLIPSIS}"
_HEAD = """\
import type { KnownBlock, HomeView, ModalView } from "@slack/types";

type Of<Kind extends string> = Extract<KnownBlock, { type: Kind }>;
type IsUnknown<Kind extends string> = [Of<Kind>] extends [never] ? true : false;
"""
_VIEWS = {"home": "HomeView", "modal": "ModalView"}


def typescript(blocks: Iterable[tuple[str, Json]], views: Iterable[tuple[str, Json]]) -> str:
    """A module that tsc accepts if all of these are well typed; of several of one shape it has the first.

    The names say where each comes from, in a comment above it. What can be typed as anything (the blocks of a
    view, the tasks of a plan) stands in constants of its own.
    """
    shapes: dict[tuple[str, str], str] = {}
    for name, block in blocks:
        for part in _typed_parts(block):
            shapes.setdefault((f'Of<"{part["type"]}">', json.dumps(shape(part))), name)
    for name, view in views:
        frame = {key: value for key, value in view.items() if key != "blocks"}
        shapes.setdefault((f'Omit<{_VIEWS[view["type"]]}, "blocks">', json.dumps(shape(frame))), name)
    return "\n".join([_HEAD, *_still_unknown(), *_constants(shapes)])


def shape(part: Any) -> Any:
    """What a type sees of a value: any text for a text, one of a list's equal members for all of them."""
    if isinstance(part, dict):
        return {key: shape(value) for key, value in sorted(part.items())}
    if isinstance(part, list | tuple):
        distinct = {json.dumps(one): one for one in map(shape, part)}
        return list(distinct.values())
    if isinstance(part, str):
        return part if _ENUM_LIKE.fullmatch(part) else _ANY_TEXT
    return 1 if isinstance(part, int | float) and not isinstance(part, bool) else part


def _typed_parts(block: Json) -> Iterator[Json]:
    """The block, and those within it of which Slack's type says too little."""
    if block["type"] not in UNKNOWN:
        yield block
    if block["type"] == "plan":
        yield from ({"type": "task_card", **task} for task in block.get("tasks", ()))


def _constants(shapes: Mapping[tuple[str, str], str]) -> Iterator[str]:
    for number, ((kind, written), name) in enumerate(shapes.items()):
        yield f"// {json.dumps(name)}"
        yield f"export const _{number}: {kind} = {written};"


def _still_unknown() -> Iterator[str]:
    for kind in sorted(UNKNOWN):
        yield f"// {kind} is no longer unknown to @slack/types if this line fails: take it out of UNKNOWN"
        yield f'export const _{kind}: IsUnknown<"{kind}"> = true;'
