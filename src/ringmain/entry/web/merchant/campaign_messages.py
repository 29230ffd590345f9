"""What became of a campaign's messages, as its merchant reads it: by channel, and what kept vouchers back."""

from collections import Counter

from ringmain.campaign import api as campaign
from ringmain.entry.web.merchant.common import N_
from ringmain.kit.pages import Speech
from ringmain.message.api import State

_CHANNELS = {"sms": N_("Text message"), "email": N_("E-mail"), "none": N_("None")}
_STATES = (State.QUEUED, State.SENT, State.FAILED, State.REFUSED)


def channels_of(speech: Speech, figures: campaign.MessageFigures) -> list[list[str]]:
    """Return a row per channel: its name, then how many are on their way, were sent, failed, and were not sent."""
    counted: Counter[tuple[str, str]] = Counter()
    for one in figures.messages:
        counted[one.channel, one.state] += one.messages
    names = sorted({channel for channel, _ in counted})
    return [
        [speech.text(_CHANNELS[name]), *(speech.number(counted[name, state.value]) for state in _STATES)]
        for name in names
    ]
