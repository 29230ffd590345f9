"""All that other slices may call to send messages."""

from ringmain.message.addresses import Known as KnownAddress
from ringmain.message.addresses import (
    add_browser,
    add_email,
    add_follower,
    addresses_of,
    confirm_address,
    forget_address,
    forget_channel,
    read_address_token,
)
from ringmain.message.channels.open import configured, open_channels
from ringmain.message.channels.push import checked, public_key
from ringmain.message.channels.sms import report_of as report_of_sms
from ringmain.message.channels.sms import signature_of as signature_of_sms
from ringmain.message.channels.wechat_calls import Call as WechatCall
from ringmain.message.channels.wechat_calls import check_call as check_wechat_call
from ringmain.message.channels.wechat_calls import read_finished as read_wechat_call
from ringmain.message.channels.wechat_calls import take_call as take_wechat_call
from ringmain.message.days import Day, DayLine, day_of_messages
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
    email_address,
    is_quiet,
    language_of_phone,
    mask_email,
)
from ringmain.message.model.browser import Subscription
from ringmain.message.model.follower import mask_openid
from ringmain.message.model.steps import State, Verdict, is_stop_word
from ringmain.message.one_time_codes import code_sender
from ringmain.message.paper import Printed, print_on_receipt
from ringmain.message.preferences import preferences, rules, set_preferences, set_rules
from ringmain.message.preview import Preview, previews
from ringmain.message.reports import Report, note_opened, read_report_token, take_finished, take_reports
from ringmain.message.send import Made, NewMessage, refusals, send, stopped_channels
from ringmain.message.show import Listed, Received, list_messages, read_message, received, sink_messages, tidy_sink
from ringmain.message.store.days import set_up_faults
from ringmain.message.store.lake import LAKE_TABLES
from ringmain.message.store.messages import Delivery, Tally, failed_since, tally
from ringmain.message.store.sink import Kept
from ringmain.message.store.wishes import stopped
from ringmain.message.texts import Template, Text, Value
from ringmain.message.unsubscribe import (
    Unsubscriber,
    gets_marketing,
    read_stop_token,
    still_reached,
    stop_by_text,
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
    "Day",
    "DayLine",
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
    "Printed",
    "Purpose",
    "Quiet",
    "Received",
    "Refusal",
    "Report",
    "Rules",
    "State",
    "Subscription",
    "Tally",
    "Template",
    "Text",
    "Unsubscriber",
    "Value",
    "Verdict",
    "WechatCall",
    "add_browser",
    "add_email",
    "add_follower",
    "addresses_of",
    "check_wechat_call",
    "checked",
    "code_sender",
    "configured",
    "confirm_address",
    "day_of_messages",
    "deliver_due",
    "email_address",
    "failed_since",
    "forget_address",
    "forget_channel",
    "gets_marketing",
    "is_quiet",
    "is_stop_word",
    "keep_delivering",
    "language_of_phone",
    "list_messages",
    "mask_email",
    "mask_openid",
    "note_opened",
    "open_channels",
    "preferences",
    "previews",
    "print_on_receipt",
    "public_key",
    "read_address_token",
    "read_message",
    "read_report_token",
    "read_stop_token",
    "read_wechat_call",
    "received",
    "refusals",
    "report_of_sms",
    "rules",
    "send",
    "send_to_addresses",
    "set_preferences",
    "set_rules",
    "set_up_faults",
    "signature_of_sms",
    "sink_messages",
    "still_reached",
    "stop_by_text",
    "stop_link",
    "stopped",
    "stopped_channels",
    "take_finished",
    "take_reports",
    "take_wechat_call",
    "tally",
    "tidy_sink",
    "unsubscribe",
]
