"""What may not be asked of webhooks."""

from http import HTTPStatus

from ringmain.kit.pure.errors import RuleBroken


class WebhookAddressRefused(RuleBroken):
    """The address is none that this installation may call."""

    code = "webhook_address_refused"
    status = HTTPStatus.UNPROCESSABLE_ENTITY
    next_step = "Give an https address on the public internet, without a user name in it."


class WebhookKindUnknown(RuleBroken):
    """Nothing of this kind is told."""

    code = "webhook_kind_unknown"
    status = HTTPStatus.UNPROCESSABLE_ENTITY
    next_step = "Choose from the kinds in this answer."


class WebhookNotFound(RuleBroken):
    """There is no such webhook, or it belongs to somebody else."""

    code = "webhook_not_found"
    status = HTTPStatus.NOT_FOUND
    next_step = "List the webhooks to see their ids."


class WebhookDeliveryNotFound(RuleBroken):
    """This webhook was never to be told of this event, or it was so long ago that it is forgotten."""

    code = "webhook_delivery_not_found"
    status = HTTPStatus.NOT_FOUND
    next_step = "List the deliveries of the webhook; they are kept for thirty days."


class WebhookDisabled(RuleBroken):
    """Nothing is sent to this webhook at the moment."""

    code = "webhook_disabled"
    status = HTTPStatus.CONFLICT
    next_step = "Mend the receiver, then switch the webhook on again."


class TooManyWebhooks(RuleBroken):
    """Each webhook costs work for every fact, so their number has an end."""

    code = "too_many_webhooks"
    status = HTTPStatus.CONFLICT
    next_step = "Delete one that is not needed, or let one receiver pass facts on."
