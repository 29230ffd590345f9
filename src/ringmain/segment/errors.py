"""The rules about groups of people that can be broken."""

from http import HTTPStatus

from ringmain.kit.pure.errors import RuleBroken


class SegmentUnknown(RuleBroken):
    """There is no such segment, or it is somebody else's."""

    code = "segment_unknown"
    status = HTTPStatus.NOT_FOUND
    next_step = "List the segments and name one of them."


class ClauseMalformed(RuleBroken):
    """A clause lacks a field of its kind, has one that is not its kind's, or an amount out of bounds."""

    code = "segment_clause_malformed"
    status = HTTPStatus.UNPROCESSABLE_ENTITY
    next_step = (
        "Give one to five clauses, each with the fields of its kind only: days from 1 to 730, one of at_least (1 or "
        "more) and at_most, and a shop or a category, not both."
    )


class ClauseNotForMerchants(RuleBroken):
    """A merchant asks for what people told the network, not the merchant."""

    code = "segment_clause_not_for_merchants"
    status = HTTPStatus.UNPROCESSABLE_ENTITY
    next_step = "Leave the answer out: only segments of the network may ask for answers that people gave."


class CategorySensitive(RuleBroken):
    """Nobody is grouped by health, faith and the like."""

    code = "segment_category_sensitive"
    status = HTTPStatus.UNPROCESSABLE_ENTITY
    next_step = "Choose another category or shop: people are not grouped by this kind."


class TribeUnknown(RuleBroken):
    """There is no such tribe now."""

    code = "segment_tribe_unknown"
    status = HTTPStatus.NOT_FOUND
    next_step = "List the tribes and name one of them."


class TooManySegments(RuleBroken):
    """Somebody has as many segments as one may have."""

    code = "segment_too_many"
    status = HTTPStatus.CONFLICT
    next_step = "Archive a segment that is no longer used, then make this one."
