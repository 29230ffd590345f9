"""The rules about the image of a person that can be broken."""

from http import HTTPStatus

from ringmain.kit.pure.errors import RuleBroken


class FieldUnknown(RuleBroken):
    """The image has no such field."""

    code = "image_field_unknown"
    status = HTTPStatus.NOT_FOUND
    next_step = "Read the image to see the fields that it has."


class SaleNotOfMember(RuleBroken):
    """There is no such sale of this person."""

    code = "sale_not_of_member"
    status = HTTPStatus.NOT_FOUND
    next_step = "Read the person's visits to see the sales that are known as theirs."
