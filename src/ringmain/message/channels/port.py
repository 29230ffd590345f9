"""The port of every channel: what is handed over, and what can go wrong on the way."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, tzinfo
from typing import Protocol
from uuid import UUID

from ringmain.message.texts import Template, Value


@dataclass(frozen=True, slots=True)
class Outgoing:
    """A message in words on its way; neither address nor words are part of its text form, so no log can show them."""

    network_id: UUID
    message_id: UUID
    address: str = field(repr=False)
    title: str = field(repr=False)
    body: str = field(repr=False)
    language: str
    # Where one tap, or one POST without a session (RFC 8058), stops messages like this.
    stop_link: str | None = field(default=None, repr=False)
    # What its words lead to.
    link: str | None = field(default=None, repr=False)
    # For how long somebody wants it.
    seconds_left: int = 86_400
    # Where the provider may tell what became of it.
    report_link: str | None = field(default=None, repr=False)
    # What the words were made of, for channels that have words of their own; days are those of `zone`.
    template: Template = Template.TEST
    values: Mapping[str, Value] = field(default_factory=dict, repr=False)
    zone: tzinfo = UTC


@dataclass(frozen=True, slots=True)
class Delivered:
    """The provider took the message, and calls it so."""

    provider_reference: str | None = None


class NotDelivered(Exception):
    """The provider did not take the message, or nobody knows whether it did.

    `reason` is a word of ours, never a sentence of the provider's (those quote phones). `passing`: trying again later
    may help; else it never will.
    """

    def __init__(self, reason: str, *, passing: bool, provider_code: int | None = None) -> None:
        super().__init__(reason)
        self.reason = reason
        self.passing = passing
        self.provider_code = provider_code


class Port(Protocol):
    """A channel's provider. Messages go out at least once: one whose answer was lost is sent again."""

    async def deliver(self, message: Outgoing) -> Delivered:
        """Hand one message over. Raises `NotDelivered`."""
        ...

    async def close(self) -> None:
        """Close what is open to the provider."""
        ...
