"""All that other slices may call of the people of a network."""

from ringmain.member.attach import attach, detach
from ringmain.member.code import ShownCode, read_codes, show_code, use_codes
from ringmain.member.consent import Answer, Place, consented, consents, record_consents
from ringmain.member.enrol import Enrolled, Enrolment, enrol
from ringmain.member.erase import erase, erase_again, erasures
from ringmain.member.identify import Known, identify, identify_all
from ringmain.member.identify import find as subjects
from ringmain.member.join import Joining, join, prove_phone
from ringmain.member.keys import open_keyring, rewrap
from ringmain.member.merge import Merged, merge, unmerge
from ringmain.member.model import ConsentRecord, Identifier, IdentifierKind, Purpose
from ringmain.member.normal import e164, identifier
from ringmain.member.one_time_codes import (
    CodesNotConfigured,
    DevelopmentCodes,
    OneTimeCodes,
    Sent,
    development_code,
    send_code,
)
from ringmain.member.recognise import AskForPhone, Payment, PhoneGiven, give_phone, recognise
from ringmain.member.show import Glimpse, Shown, glimpses, show, show_to_merchant
from ringmain.member.store.lake import LAKE_TABLES

__all__ = [
    "LAKE_TABLES",
    "Answer",
    "AskForPhone",
    "CodesNotConfigured",
    "ConsentRecord",
    "DevelopmentCodes",
    "Enrolled",
    "Enrolment",
    "Glimpse",
    "Identifier",
    "IdentifierKind",
    "Joining",
    "Known",
    "Merged",
    "OneTimeCodes",
    "Payment",
    "PhoneGiven",
    "Place",
    "Purpose",
    "Sent",
    "Shown",
    "ShownCode",
    "attach",
    "consented",
    "consents",
    "detach",
    "development_code",
    "e164",
    "enrol",
    "erase",
    "erase_again",
    "erasures",
    "give_phone",
    "glimpses",
    "identifier",
    "identify",
    "identify_all",
    "join",
    "merge",
    "open_keyring",
    "prove_phone",
    "read_codes",
    "recognise",
    "record_consents",
    "rewrap",
    "send_code",
    "show",
    "show_code",
    "show_to_merchant",
    "subjects",
    "unmerge",
    "use_codes",
]
