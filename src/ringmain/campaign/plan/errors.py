"""The rules about campaigns and partnerships that can be broken."""

from http import HTTPStatus

from ringmain.kit.pure.errors import RuleBroken


class CampaignNotFound(RuleBroken):
    """There is no such campaign, or it is another merchant's."""

    code = "campaign_not_found"
    status = HTTPStatus.NOT_FOUND
    next_step = "List your campaigns with GET /v1/campaigns."


class CampaignInvalid(RuleBroken):
    """A campaign does not make sense as it was given."""

    code = "campaign_invalid"
    status = HTTPStatus.UNPROCESSABLE_ENTITY
    next_step = "Correct the field that `field` names; `reason` says how."


class CampaignMoveRefused(RuleBroken):
    """A campaign cannot go from the state it is in to that one."""

    code = "campaign_move_refused"
    status = HTTPStatus.CONFLICT
    next_step = "Read the campaign again: its state allows other steps than this. One that has ended can be copied."


class OfferInCampaign(RuleBroken):
    """Another campaign with this offer runs or pauses."""

    code = "offer_in_campaign"
    status = HTTPStatus.CONFLICT
    next_step = "End the other campaign first, or publish an offer for this one."


class PartnershipNotFound(RuleBroken):
    """There is no such partnership, or the merchant is no party to it."""

    code = "partnership_not_found"
    status = HTTPStatus.NOT_FOUND
    next_step = "List your partnerships with GET /v1/partnerships."


class PartnershipNotAgreed(RuleBroken):
    """A partnership is not agreed by all of its parties, or was ended."""

    code = "partnership_not_agreed"
    status = HTTPStatus.CONFLICT
    next_step = "Wait until every party has agreed, or propose another partnership."


class PartnershipLimit(RuleBroken):
    """The budgets of a party's campaigns would be above what the partnership allows."""

    code = "partnership_limit"
    status = HTTPStatus.CONFLICT
    next_step = "Take a smaller budget, end another exchange, or agree on another limit in a new partnership."
