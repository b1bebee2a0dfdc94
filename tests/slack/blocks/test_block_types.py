"""What tsc is given to check (see `make block-types`), and what is installed to check it with."""

import json

from tests.slack.blocks.types.check import HERE, LOCK
from tests.slack.blocks.types.typescript import UNKNOWN, typescript

HEADER = {"type": "header", "text": {"type": "plain_text", "text": "Seven accounts"}}
PLAN = {"type": "plan", "title": "Fix", "tasks": [{"task_id": "1", "title": "Read", "status": "done"}]}
CHART = {"type": "data_visualization", "title": "Trend", "chart": {"type": "pie", "segments": []}}
MODAL = {"type": "modal", "title": {"type": "plain_text", "text": "Fix"}, "blocks": [HEADER], "ok": "Ask"}


def written(*blocks: dict[str, object]) -> list[str]:
    """The constants made of blocks."""
    module = typescript([("a sample", block) for block in blocks], [])
    return [line for line in module.splitlines() if line.startswith("export const _") and " = {" in line]


def test_a_block_is_of_the_type_that_its_kind_has():
    [constant] = written(HEADER)

    assert 'Of<"header"> = {"text"' in constant


def test_blocks_that_differ_in_their_words_alone_are_checked_once():
    other = {"type": "header", "text": {"type": "plain_text", "text": "Everything else"}}

    assert len(written(HEADER, other)) == 1


def test_blocks_that_differ_in_a_key_a_choice_or_a_kind_of_value_are_all_checked():
    plain = {"type": "button", "action_id": "A 1", "value": "v 1"}
    differing = [plain, plain | {"style": "danger"}, plain | {"style": "primary"}, plain | {"value": 1}]

    assert len(written(*({"type": "actions", "elements": [one]} for one in differing))) == len(differing)


def test_an_odd_one_among_many_rows_is_not_lost():
    row = [{"type": "raw_text", "text": "a 1"}]
    table = {"type": "table", "rows": [row] * 50 + [[{"type": "raw_txt", "text": "a 2"}]] + [row] * 50}

    assert "raw_txt" in written(table)[0]


def test_a_plans_tasks_are_checked_by_themselves_since_its_type_takes_anything_for_one():
    assert any(line.startswith("export") and 'Of<"task_card">' in line for line in written(PLAN))


def test_a_block_that_the_types_do_not_know_is_left_out_and_that_they_do_not_is_checked():
    module = typescript([("a chart", CHART)], [])

    assert written(CHART) == []
    assert {kind for kind in UNKNOWN if f'IsUnknown<"{kind}"> = true' in module} == UNKNOWN


def test_a_view_is_checked_without_its_blocks_since_their_type_takes_anything():
    module = typescript([], [("a modal", MODAL)])

    assert 'Omit<ModalView, "blocks"> = {"ok"' in module
    assert "header" not in module


def test_a_fault_can_be_traced_to_the_sample_it_is_in():
    assert '// "status \\"mixed\\""\nexport const _0' in typescript([('status "mixed"', HEADER)], [])


def test_what_is_installed_is_pinned_by_hash_and_names_no_registry():
    packages = json.loads(LOCK.read_text("utf-8"))["packages"]
    installed = {path: about for path, about in packages.items() if path}

    assert {
        path for path, about in installed.items() if "integrity" not in about or "resolved" in about
    } == set()
    assert "http" not in LOCK.read_text("utf-8")


def test_each_block_that_must_be_refused_stands_on_one_line_below_its_reason():
    lines = (HERE / "refused.ts").read_text("utf-8").splitlines()
    reasons = [at for at, line in enumerate(lines) if line.startswith("// @ts-expect-error ")]

    assert len(reasons) >= 10
    assert all(lines[at + 1].startswith("export const ") for at in reasons)
