"""The rules about messages that can be broken by who asks for one; what a person's own rules refuse is an answer."""

from http import HTTPStatus

from ringmain.kit.pure.errors import RuleBroken


class MessageParameters(RuleBroken):
    """A template was given too few, too many, or unreadable parameters."""

    code = "message_parameters"
    status = HTTPStatus.UNPROCESSABLE_ENTITY
    next_step = "Give exactly the parameters that the template names, each one line of 1 to 200 letters."


class MessageUnknown(RuleBroken):
    """There is no such message."""

    code = "message_unknown"
    status = HTTPStatus.NOT_FOUND
    next_step = "List the messages to find the one that is meant."


class MessageRulesInvalid(RuleBroken):
    """The rules of messages contradict themselves."""

    code = "message_rules_invalid"
    status = HTTPStatus.UNPROCESSABLE_ENTITY
    next_step = "Allow at least as many messages a week as a day; write times as HH:MM."


class ChannelNotConfigured(RuleBroken):
    """Nobody has said how messages of this channel are sent."""

    code = "channel_not_configured"
    status = HTTPStatus.CONFLICT
    next_step = (
        "Set RINGMAIN_SMS_*, RINGMAIN_SMTP_* or RINGMAIN_WECHAT_* and restart; in development, switch development mode "
        "on."
    )


class UnsubscribeLinkInvalid(RuleBroken):
    """The link was not made here, or is damaged."""

    code = "unsubscribe_link_invalid"
    status = HTTPStatus.NOT_FOUND
    next_step = "Open the whole link of the message; or ask any shop of the network to stop the messages."


class PauseInvalid(RuleBroken):
    """The end of the pause is in the past or too far away."""

    code = "pause_invalid"
    status = HTTPStatus.UNPROCESSABLE_ENTITY
    next_step = "Let the pause end within the next 366 days, or choose the channel `none`."


class PreferencesInvalid(RuleBroken):
    """What a person chose of messages contradicts itself."""

    code = "preferences_invalid"
    status = HTTPStatus.UNPROCESSABLE_ENTITY
    next_step = (
        "Name each channel once, a known time zone and 0 to 50 a week; leave some time outside the quiet hours. "
        "To get nothing at all, choose no channel."
    )


class AddressLinkInvalid(RuleBroken):
    """The link that confirms an address was not made here, is older than a week, or was replaced by a newer one."""

    code = "address_link_invalid"
    status = HTTPStatus.NOT_FOUND
    next_step = "Open “Messages” on your own page and give the address once more."


class FollowerUnknown(RuleBroken):
    """Nobody has told who the member is at WeChat."""

    code = "follower_unknown"
    status = HTTPStatus.NOT_FOUND
    next_step = "There is nothing to forget; tell the openid with PUT if the member has bound their account."


class CallbackNotSigned(RuleBroken):
    """The call was not signed by the provider, or its time is more than five minutes away from ours."""

    code = "callback_not_signed"
    status = HTTPStatus.UNAUTHORIZED
    next_step = (
        "Sign with the secret of RINGMAIN_MESSAGE_CALLBACK_SECRET (WeChat: RINGMAIN_WECHAT_TOKEN), each call anew, and "
        "check the clocks of both machines."
    )


class SubscriptionInvalid(RuleBroken):
    """The browser's address for messages is not a public one with https, or its keys are none."""

    code = "subscription_invalid"
    status = HTTPStatus.UNPROCESSABLE_ENTITY
    next_step = "Open the page again in this browser, and press the button once more."
