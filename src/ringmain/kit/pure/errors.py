"""Errors are rules that can be broken: each has a stable code, an HTTP status and a next step for people."""

from http import HTTPStatus
from typing import Any, ClassVar


class RuleBroken(Exception):
    """A rule of the domain said no; nothing happened.

    Every subclass names one rule: `code` is stable and part of the API, `status` its HTTP status, and `next_step` one
    sentence that tells a person what to do. `facts` are ids, amounts and times that help (never personal data): they
    are kept with the idempotency key, so that a retry is told the same.
    """

    code: ClassVar[str]
    status: ClassVar[HTTPStatus]
    next_step: ClassVar[str]
    by_code: ClassVar[dict[str, type["RuleBroken"]]] = {}

    def __init_subclass__(cls) -> None:
        """Register the rule under its code, so that a kept refusal can be rendered again."""
        super().__init_subclass__()
        if "code" in cls.__dict__:
            other = RuleBroken.by_code.setdefault(cls.code, cls)
            if other is not cls:
                raise TypeError(f"two rules share the code {cls.code}: {other.__qualname__}, {cls.__qualname__}")

    def __init__(self, **facts: Any) -> None:
        super().__init__(self.code)
        self.facts = facts

    def __reduce__(self) -> tuple[Any, ...]:
        """Go from process to process whole: an exception is made again from its arguments, and facts have names."""
        return _again, (type(self), self.facts)

    def __str__(self) -> str:
        """Return the code with its facts, for logs."""
        return f"{self.code} {self.facts}" if self.facts else self.code


def _again(rule: type[RuleBroken], facts: dict[str, Any]) -> RuleBroken:
    return rule(**facts)


class Unavailable(Exception):
    """The system could not decide now (busy, database away); nothing was kept, and the call may go through later."""
