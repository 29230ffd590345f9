"""The rules about people that can be broken."""

from http import HTTPStatus

from ringmain.kit.pure.errors import RuleBroken


class PhoneInvalid(RuleBroken):
    """The phone is no number that can exist."""

    code = "phone_invalid"
    status = HTTPStatus.UNPROCESSABLE_ENTITY
    next_step = "Give the phone with + and its country code, such as +8613800138000, or give the region it is from."


class IdentifierInvalid(RuleBroken):
    """The value cannot be an identifier of its kind."""

    code = "identifier_invalid"
    status = HTTPStatus.UNPROCESSABLE_ENTITY
    next_step = "Send the token as the provider gave it: 4 to 200 letters, digits and signs without spaces."


class NameInvalid(RuleBroken):
    """The name is empty, too long, or holds letters that cannot be shown."""

    code = "name_invalid"
    status = HTTPStatus.UNPROCESSABLE_ENTITY
    next_step = "Give a name of 1 to 100 letters on one line, or none."


class PhoneNeedsCode(RuleBroken):
    """A phone is attached only by the code that was sent to it."""

    code = "phone_needs_code"
    status = HTTPStatus.UNPROCESSABLE_ENTITY
    next_step = "Ask for a one-time code for the phone, then attach it with `challenge_id` and `code`."


class ChallengeUnknown(RuleBroken):
    """There is no such open challenge: never made, used, expired, or out of tries."""

    code = "challenge_unknown"
    status = HTTPStatus.NOT_FOUND
    next_step = "Ask for a new one-time code."


class OneTimeCodeWrong(RuleBroken):
    """The code is not the one that was sent; the try counts."""

    code = "one_time_code_wrong"
    status = HTTPStatus.UNPROCESSABLE_ENTITY
    next_step = "Type the six digits of the last message again; after five wrong tries ask for a new code."


class TooManyCodes(RuleBroken):
    """This phone was sent enough codes for now."""

    code = "too_many_one_time_codes"
    status = HTTPStatus.TOO_MANY_REQUESTS
    next_step = "Wait an hour before asking for another code for this phone."


class OneTimeCodesNotConfigured(RuleBroken):
    """No way to send one-time codes is configured."""

    code = "one_time_codes_not_configured"
    status = HTTPStatus.CONFLICT
    next_step = "The operator has to configure how one-time codes are sent; in development, switch development mode on."


class MemberUnknown(RuleBroken):
    """There is no such member, or none that this key may see."""

    code = "member_unknown"
    status = HTTPStatus.NOT_FOUND
    next_step = "Look the member up by phone, card token, tag or code."


class MemberErased(RuleBroken):
    """The member was erased on request and cannot come back."""

    code = "member_erased"
    status = HTTPStatus.GONE
    next_step = "If the person wants to be a member again, let them join as a new one."


class IdentifierTaken(RuleBroken):
    """The identifier belongs to another member."""

    code = "identifier_taken"
    status = HTTPStatus.CONFLICT
    next_step = "If both are the same person, an operator can merge the two members."


class IdentifierUnknown(RuleBroken):
    """The member has no such identifier."""

    code = "identifier_unknown"
    status = HTTPStatus.NOT_FOUND
    next_step = "Read the member again to see the identifiers it has."


class ConsentRecipient(RuleBroken):
    """A consent to share names exactly one merchant of the network, every other consent names none."""

    code = "consent_recipient"
    status = HTTPStatus.UNPROCESSABLE_ENTITY
    next_step = "Name the merchant in `recipient_merchant_id` for `share_with_merchant`, and leave it out otherwise."


class MergeWithItself(RuleBroken):
    """Both members are the same person already."""

    code = "merge_with_itself"
    status = HTTPStatus.CONFLICT
    next_step = "Nothing is left to merge; check the two member ids."


class MergeUnknown(RuleBroken):
    """There is no such merge."""

    code = "merge_unknown"
    status = HTTPStatus.NOT_FOUND
    next_step = "Read the member to see the merges it took part in."


class MergeAlreadyReversed(RuleBroken):
    """The merge was undone before."""

    code = "merge_already_reversed"
    status = HTTPStatus.CONFLICT
    next_step = "Nothing is left to undo; merge the two members again if they are the same person."


class MemberCodeInvalid(RuleBroken):
    """The member code is wrong, of another network, or not of this moment: the answer is the same for all."""

    code = "member_code_invalid"
    status = HTTPStatus.UNPROCESSABLE_ENTITY
    next_step = "Ask the member to show the code that the page shows now, and scan it again."


class MemberCodeUsed(RuleBroken):
    """The member code was used before."""

    code = "member_code_used"
    status = HTTPStatus.CONFLICT
    next_step = "Wait until the page shows the next code (at most 30 seconds) and scan that."


class PhotoInvalid(RuleBroken):
    """The file is no picture that can be taken: another type, damaged, or too large."""

    code = "photo_invalid"
    status = HTTPStatus.UNPROCESSABLE_ENTITY
    next_step = "Choose a JPEG, PNG or WebP picture of at most 5 MB and 50 million pixels."


class PhotoNeedsConsent(RuleBroken):
    """A shop may keep a photo of a person only where that person agreed to it."""

    code = "photo_needs_consent"
    status = HTTPStatus.CONFLICT
    next_step = "Ask the person, and send their consent to `photo_at_till` with the photo."


class PhotoUnknown(RuleBroken):
    """There is no photo to be shown here: none was given, or the person did not agree that tills show it."""

    code = "photo_unknown"
    status = HTTPStatus.NOT_FOUND
    next_step = "Go on without a photo; the person can give one on their own page."


class QuestionUnknown(RuleBroken):
    """That is no question that people are asked."""

    code = "question_unknown"
    status = HTTPStatus.NOT_FOUND
    next_step = "Read the person's answers to see which questions there are."


class AnswerNotOffered(RuleBroken):
    """The answer is none of those that the question offers."""

    code = "answer_not_offered"
    status = HTTPStatus.UNPROCESSABLE_ENTITY
    next_step = "Choose one of the question's answers, or null for a person who would rather not say."


class RequestUnknown(RuleBroken):
    """There is no such request."""

    code = "request_unknown"
    status = HTTPStatus.NOT_FOUND
    next_step = "List the requests to see those that there are."


class RequestAlreadyAnswered(RuleBroken):
    """The request was answered before."""

    code = "request_already_answered"
    status = HTTPStatus.CONFLICT
    next_step = "Nothing is left to answer; a person who is not content makes a new request."


class WordsNeeded(RuleBroken):
    """Nobody can answer this without words: what is to be corrected or objected to, or why it was refused."""

    code = "words_needed"
    status = HTTPStatus.UNPROCESSABLE_ENTITY
    next_step = "Say in a sentence what is meant, in 2,000 letters at most."
