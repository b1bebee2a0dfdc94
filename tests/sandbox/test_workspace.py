"""The things to try lead where their words say."""

from bot.domain.finding import Verdict
from bot.sandbox.landing_zone import SUPPORT_ROLE
from bot.sandbox.slack import ANA, APPROVALS, RILEY
from bot.sandbox.workspace import TIPS, sandbox_workspace
from bot.sandbox.world import sandbox_world


def test_each_account_that_a_tip_has_fixed_can_be_fixed():
    """A role of the fix's name, or nobody whom it could trust, ends a request before anybody is asked."""
    world = sandbox_world()
    named = [tip.text.split()[-1] for tip in TIPS if " fix " in tip.text]

    stories = [world.story(name) for name in named]
    assert len(stories) == 2
    for story in stories:
        assert story.verdict in {Verdict.FAIL, Verdict.WEAK}
        assert SUPPORT_ROLE not in {role.name for role in story.roles}
        assert story.incident_manager.rpartition("/")[2] in {role.name for role in story.roles}


def test_whoever_is_to_press_approve_is_where_the_question_stands():
    approvals = sandbox_workspace().channel(APPROVALS)

    assert approvals is not None
    assert {RILEY, ANA} <= set(approvals.members)
    assert not any("as Gus" in tip.why for tip in TIPS)
