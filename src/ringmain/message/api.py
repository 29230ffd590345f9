"""All that other slices may call to send messages."""

from ringmain.message.addresses import Known as KnownAddress
from ringmain.message.addresses import (
    add_email,
    addresses_of,
    confirm_address,
    forget_address,
    read_address_token,
)
from ringmain.message.channels.open import configured, open_channels
from ringmain.message.deliver import Doors, deliver_due, keep_delivering
from ringmain.message.direct import Addressed, send_to_addresses
from ringmain.message.model import (
    DEFAULT_ORDER,
    MOST_PER_WEEK,
    STOPPABLE,
    Channel,
    Kind,
    Preferences,
    Purpose,
    Quiet,
    Refusal,
    Rules,
    State,
    email_address,
    is_quiet,
    language_of_phone,
    mask_email,
)
from ringmain.message.one_time_codes import code_sender
from ringmain.message.preferences import preferences, rules, set_preferences, set_rules
from ringmain.message.preview import Preview, previews
from ringmain.message.send import Made, NewMessage, refusals, send
from ringmain.message.show import Listed, Received, list_messages, read_message, received, sink_messages, tidy_sink
from ringmain.message.store.lake import LAKE_TABLES
from ringmain.message.store.messages import Delivery, Tally, tally
from ringmain.message.store.sink import Kept
from ringmain.message.store.wishes import stopped
from ringmain.message.texts import Template, Text, Value
from ringmain.message.unsubscribe import (
    Unsubscriber,
    gets_marketing,
    read_stop_token,
    still_reached,
    stop_link,
    unsubscribe,
)

__all__ = [
    "DEFAULT_ORDER",
    "LAKE_TABLES",
    "MOST_PER_WEEK",
    "STOPPABLE",
    "Addressed",
    "Channel",
    "Delivery",
    "Doors",
    "Kept",
    "Kind",
    "KnownAddress",
    "Listed",
    "Made",
    "NewMessage",
    "Preferences",
    "Preview",
    "Purpose",
    "Quiet",
    "Received",
    "Refusal",
    "Rules",
    "State",
    "Tally",
    "Template",
    "Text",
    "Unsubscriber",
    "Value",
    "add_email",
    "addresses_of",
    "code_sender",
    "configured",
    "confirm_address",
    "deliver_due",
    "email_address",
    "forget_address",
    "gets_marketing",
    "is_quiet",
    "keep_delivering",
    "language_of_phone",
    "list_messages",
    "mask_email",
    "open_channels",
    "preferences",
    "previews",
    "read_address_token",
    "read_message",
    "read_stop_token",
    "received",
    "refusals",
    "rules",
    "send",
    "send_to_addresses",
    "set_preferences",
    "set_rules",
    "sink_messages",
    "still_reached",
    "stop_link",
    "stopped",
    "tally",
    "tidy_sink",
    "unsubscribe",
]
