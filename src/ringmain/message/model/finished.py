"""What a provider tells of a message by its own number."""

from dataclasses import dataclass
from datetime import datetime

from ringmain.message.model.steps import State


@dataclass(frozen=True, slots=True)
class Finished:
    """What became of the message that WeChat calls so."""

    reference: str
    state: State
    reason: str | None
    happened_at: datetime
