"""What about the request: whether it can still be decided."""

from dataclasses import dataclass

from bot.domain.guards.context import Deciding
from bot.domain.guards.decision import ALLOWED, Decision, Refused


@dataclass(frozen=True, slots=True)
class RequestIsPending:
    name: str = "request_is_pending"

    def check(self, context: Deciding) -> Decision:
        question = context.question
        if question.state == question.awaited:
            return ALLOWED
        if not question.is_prepared:
            text = f"This {question.called} is still being prepared."
            return Refused(self.name, text, "Try again in a moment.")
        return Refused(self.name, f"This {question.called} is already {question.standing}.")


@dataclass(frozen=True, slots=True)
class NotExpired:
    name: str = "not_expired"

    def check(self, context: Deciding) -> Decision:
        question = context.question
        if context.now < question.decide_by:
            return ALLOWED
        return Refused(self.name, question.is_over, question.ask_again)
