"""The rules about matches that can be broken."""

from http import HTTPStatus

from ringmain.kit.pure.errors import RuleBroken


class PersonNotShown(RuleBroken):
    """What is found for a person tells where else they go: a till may not ask for it."""

    code = "match_person_not_shown"
    status = HTTPStatus.FORBIDDEN
    next_step = "Leave `member_id` out; POST /v1/qualifications says what a member may use at your shop."


class PlaceIncomplete(RuleBroken):
    """Half of a place was given."""

    code = "match_place_incomplete"
    status = HTTPStatus.UNPROCESSABLE_ENTITY
    next_step = "Send both `latitude` and `longitude`, or neither."


class BlockTarget(RuleBroken):
    """A block is of one shop or of one offer that exists."""

    code = "block_target"
    status = HTTPStatus.UNPROCESSABLE_ENTITY
    next_step = "Name either `shop_id` or `offer_id`, of this network."
