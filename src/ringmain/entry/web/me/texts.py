"""The words for what slices name by keys: fields of an image, purposes, questions, requests."""

from typing import Literal, NamedTuple

from ringmain.kit.pages import Speech
from ringmain.member.api import Purpose, RequestKind
from ringmain.profile.api import Confidence, Field

# Marks a text for the catalogues, where it is looked up by a variable later.
N_ = str

# The version of the words of purposes, kept with every answer: change it with them. Wherever somebody is asked, these
# words stand, and no others.
TEXT_VERSION = "2026-11-28.3"


class Words(NamedTuple):
    """A purpose in few words, and in those that a person agrees to."""

    title: str
    text: str


PURPOSES: dict[Purpose, Words] = {
    Purpose.PERSONALISATION: Words(
        N_("Suggestions made for you"),
        N_(
            "The network may use your visits, and what you told it, to choose which vouchers and shops you see first."
            " Without this you see what everybody sees."
        ),
    ),
    Purpose.MARKETING: Words(
        N_("Messages with offers"),
        N_(
            "The network may remind you before a voucher ends, and tell you about new ones: by text message, or as you"
            " choose. You can stop it at any time, on your pages or in each message."
        ),
    ),
    Purpose.PHOTO_AT_TILL: Words(
        N_("Your photo at the till"),
        N_("Tills of the network may show your photo to whoever serves you, so that nobody else spends your vouchers."),
    ),
    Purpose.SHARE_WITH_MERCHANT: Words(
        N_("Name and phone for this merchant"),
        N_("This merchant may see your name and your phone. What you buy elsewhere it never sees."),
    ),
}

FIELDS: dict[Field, str] = {
    Field.FAVOURITE_SHOPS: N_("Where you mostly go"),
    Field.FAVOURITE_CATEGORIES: N_("What you mostly go for"),
    Field.FAVOURITE_PRODUCTS: N_("What you often buy"),
    Field.USUAL_AREAS: N_("Where in town you are"),
    Field.USUAL_DAY_PART: N_("When you usually come"),
    Field.USUAL_TENDER: N_("How you usually pay"),
    Field.AVERAGE_BASKET: N_("What you usually spend"),
    Field.SPENDING_POWER: N_("What you spend beside others at the same shops"),
    Field.VOUCHER_USE: N_("How often you use a voucher"),
    Field.NOVELTY: N_("How often you try a new shop"),
    Field.LOYALTY: N_("How faithful you are to a shop"),
    Field.REGULARITY: N_("How regularly you come"),
    Field.NEXT_VISIT: N_("When you may come next"),
}

VALUES: dict[str, str] = {
    "morning": N_("In the morning"),
    "midday": N_("Around midday"),
    "afternoon": N_("In the afternoon"),
    "evening": N_("In the evening"),
    "night": N_("At night"),
    "cash": N_("In cash"),
    "card": N_("By card"),
    "wallet": N_("With the phone"),
    "wechat": N_("With WeChat Pay"),
    "alipay": N_("With Alipay"),
    "other": N_("In another way"),
    "less": N_("Less than others"),
    "about": N_("About what others pay"),
    "more": N_("More than others"),
    "voucher": N_("With a voucher"),
    "new": N_("At a shop new to you"),
}

CONFIDENCE: dict[Confidence, str] = {
    Confidence.SURE: N_("Sure"),
    Confidence.FAIRLY_SURE: N_("Fairly sure"),
    Confidence.HINT: N_("No more than a hint"),
}

IDENTIFIERS: dict[str, str] = {
    "phone": N_("Phone"),
    "card_token": N_("Payment card"),
    "wechat": N_("WeChat"),
    "alipay": N_("Alipay"),
    "tag": N_("Tag"),
}

REQUESTS: dict[RequestKind, str] = {
    RequestKind.EXPORT: N_("A copy of your data"),
    RequestKind.ERASE: N_("Erase everything"),
    RequestKind.CORRECT: N_("Something is wrong"),
    RequestKind.OBJECT: N_("Something should no longer be done"),
}

OUTCOMES: dict[str, str] = {
    "done": N_("Done"),
    "refused": N_("Refused"),
    "moot": N_("No longer needed"),
}

# What `member.QUESTIONS` says, for the catalogues; a test holds the two together.
QUESTION_TEXTS: tuple[str, ...] = (
    N_("Is there something you do not eat?"),
    N_("To leave out offers that you cannot eat."),
    N_("I eat anything"),
    N_("No meat"),
    N_("Nothing from animals"),
    N_("No pork"),
    N_("No beef"),
    N_("No fish or seafood"),
    N_("How hot do you like it?"),
    N_("To put dishes of this kind first."),
    N_("Not at all"),
    N_("A little"),
    N_("Hot"),
    N_("For how many people do you shop?"),
    N_("To put bundles of the right size first."),
    N_("6 or more"),
    N_("How do you mostly get around here?"),
    N_("To decide how far away a suggested shop may be."),
    N_("On foot"),
    N_("By bicycle"),
    N_("By bus or train"),
    N_("By car"),
    N_("In which month is your birthday?"),
    N_("To give you a treat in that month; the day and the year are not asked for."),
    N_("January"),
    N_("February"),
    N_("March"),
    N_("April"),
    N_("May"),
    N_("June"),
    N_("July"),
    N_("August"),
    N_("September"),
    N_("October"),
    N_("November"),
    N_("December"),
)


def language_of(speech: Speech) -> Literal["en", "zh"]:
    """Return the language in which a person read a text, as consents keep it."""
    return "zh" if speech.language == "zh" else "en"
