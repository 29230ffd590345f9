"""What became of a campaign's messages, as its merchant reads it: by channel, and what kept vouchers back."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

from ringmain.campaign import api as campaign
from ringmain.entry.web.merchant.common import N_
from ringmain.kit.pages import Speech
from ringmain.message.api import Preview, State

_CHANNELS = {
    "push": N_("On the phone"),
    "wechat": N_("WeChat"),
    "sms": N_("Text message"),
    "email": N_("E-mail"),
    "paper": N_("Printed receipt"),
    "none": N_("None"),
}
_LANGUAGES = {"en": N_("In English"), "zh": N_("In Chinese")}
# What providers tell later is still sent, or failed, to a merchant.
_STATES = (
    (State.QUEUED,),
    (State.SENT, State.DELIVERED, State.OPENED, State.COMPLAINED),
    (State.OPENED,),
    (State.FAILED, State.BOUNCED),
    (State.REFUSED,),
)


def channels_of(speech: Speech, figures: campaign.MessageFigures) -> list[list[str]]:
    """Return a row per channel: its name, how many are on their way, sent (opened among them), failed, not sent."""
    counted: Counter[tuple[str, str]] = Counter()
    for one in figures.messages:
        counted[one.channel, one.state] += one.messages
    names = sorted({channel for channel, _ in counted})
    return [
        [
            speech.text(_CHANNELS[name]),
            *(speech.number(sum(counted[name, state.value] for state in states)) for states in _STATES),
        ]
        for name in names
    ]


@dataclass(frozen=True, slots=True)
class Said:
    """A message in one language as a phone shows it; `parts` says in words how many are paid for."""

    name: str
    tag: str
    body: str
    parts: str


def said_in(speech: Speech, previews: Sequence[Preview]) -> list[Said]:
    """Return what a campaign's messages say, a row per language."""
    return [
        Said(
            speech.text(_LANGUAGES[one.language]),
            "zh-Hans" if one.language == "zh" else "en",
            one.text.body,
            speech.texts(
                "%(units)s letters, sent as %(num)s text message",
                "%(units)s letters, sent as %(num)s text messages",
                one.segments.parts,
                units=speech.number(one.segments.units),
            ),
        )
        for one in previews
    ]
