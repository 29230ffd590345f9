"""All that other slices may call of the people of a network."""

from ringmain.member.attach import attach, detach
from ringmain.member.code import ShownCode, read_codes, show_code, use_codes
from ringmain.member.consent import Answer, Place, consented, consents, record_consents
from ringmain.member.contact import Contact, contacts, people_of, sealing_keys
from ringmain.member.enrol import Enrolled, Enrolment, enrol
from ringmain.member.erase import erase, erase_again, erasures
from ringmain.member.identify import Known, identify, identify_all
from ringmain.member.identify import find as subjects
from ringmain.member.join import Joining, join, prove_phone
from ringmain.member.keys import open_keyring, rewrap
from ringmain.member.merge import Merged, merge, unmerge
from ringmain.member.model import ConsentRecord, Identifier, IdentifierKind, Purpose, mask_phone
from ringmain.member.normal import e164, identifier
from ringmain.member.one_time_codes import (
    CODE_LIFE,
    CodesNotConfigured,
    DevelopmentCodes,
    OneTimeCodes,
    Sent,
    development_code,
    send_code,
)
from ringmain.member.photo import (
    LARGEST_PHOTO_BYTES,
    PHOTO_TYPE,
    Photo,
    forget_photo,
    keep_photo,
    own_photo,
    photo_at_till,
    prepare_photo,
)
from ringmain.member.questions import QUESTIONS, Choice, Question, check_answer, question_of
from ringmain.member.recognise import AskForPhone, Payment, PhoneGiven, give_phone, recognise
from ringmain.member.requests import (
    MOST_WORDS,
    PrivacyRequest,
    RequestKind,
    answer_request,
    answered_requests,
    list_requests,
    make_request,
    requests_of,
)
from ringmain.member.show import Glimpse, Shown, glimpses, show, show_to_merchant
from ringmain.member.store.consents import sharing_with
from ringmain.member.store.lake import LAKE_TABLES
from ringmain.member.store.own_data import hiding
from ringmain.member.store.totals import count_people, people_page
from ringmain.member.tell import (
    GivenAnswer,
    all_hidden_fields,
    answer_question,
    answers,
    answers_of,
    describe,
    forget_answer,
    hidden_fields,
    hidden_fields_of,
    hide_field,
    next_question,
)

__all__ = [
    "CODE_LIFE",
    "LAKE_TABLES",
    "LARGEST_PHOTO_BYTES",
    "MOST_WORDS",
    "PHOTO_TYPE",
    "QUESTIONS",
    "Answer",
    "AskForPhone",
    "Choice",
    "CodesNotConfigured",
    "ConsentRecord",
    "Contact",
    "DevelopmentCodes",
    "Enrolled",
    "Enrolment",
    "GivenAnswer",
    "Glimpse",
    "Identifier",
    "IdentifierKind",
    "Joining",
    "Known",
    "Merged",
    "OneTimeCodes",
    "Payment",
    "PhoneGiven",
    "Photo",
    "Place",
    "PrivacyRequest",
    "Purpose",
    "Question",
    "RequestKind",
    "Sent",
    "Shown",
    "ShownCode",
    "all_hidden_fields",
    "answer_question",
    "answer_request",
    "answered_requests",
    "answers",
    "answers_of",
    "attach",
    "check_answer",
    "consented",
    "consents",
    "contacts",
    "count_people",
    "describe",
    "detach",
    "development_code",
    "e164",
    "enrol",
    "erase",
    "erase_again",
    "erasures",
    "forget_answer",
    "forget_photo",
    "give_phone",
    "glimpses",
    "hidden_fields",
    "hidden_fields_of",
    "hide_field",
    "hiding",
    "identifier",
    "identify",
    "identify_all",
    "join",
    "keep_photo",
    "list_requests",
    "make_request",
    "mask_phone",
    "merge",
    "next_question",
    "open_keyring",
    "own_photo",
    "people_of",
    "people_page",
    "photo_at_till",
    "prepare_photo",
    "prove_phone",
    "question_of",
    "read_codes",
    "recognise",
    "record_consents",
    "requests_of",
    "rewrap",
    "sealing_keys",
    "send_code",
    "sharing_with",
    "show",
    "show_code",
    "show_to_merchant",
    "subjects",
    "unmerge",
    "use_codes",
]
