"""For whom pages are: everybody, people on their phones, tills, and those who sign in to a console."""

from dataclasses import replace
from datetime import timedelta

from ringmain.kit.pages import Audience, PageSession

# A phone finds itself again for half a year of use; a till until it is unpaired; a console for a working day.
PHONE_LIFE = timedelta(days=180)
TILL_LIFE = timedelta(days=400)
ACCOUNT_LIFE = timedelta(hours=12)


def _holder(session: PageSession | None) -> bool:
    return session is not None and session.holder_id is not None


def _cashier(session: PageSession | None) -> bool:
    return session is not None and session.facts.get("staff_id") is not None


def _merchant(session: PageSession | None) -> bool:
    return session is not None and session.facts.get("role") in ("owner", "manager")


def _operator(session: PageSession | None) -> bool:
    return session is not None and session.facts.get("role") == "operator"


# Kind "phone": holder_id is the member, once they are known. Kind "till": holder_id is the terminal; facts merchant_id,
# shop_id, and staff_id, staff_name, staff_role while somebody is at it. Kind "account": holder_id is the account; facts
# role ("operator", "owner", "manager"), name, and merchant_id for owners and managers.
ANYBODY = Audience("anybody", "", PHONE_LIFE, lambda _: True)
PHONE = Audience("phone", "phone", PHONE_LIFE, lambda _: True, layout="layouts/phone.html", back="/wallet")
MEMBER = Audience("member", "phone", PHONE_LIFE, _holder, "/welcome-back", "layouts/phone.html", "/wallet")
DEVICE = Audience("device", "till", TILL_LIFE, lambda _: True, layout="till/layout.html", back="/till")
TILL = Audience("till", "till", TILL_LIFE, _holder, "/till/pair", "till/layout.html", "/till")
CASHIER = Audience("cashier", "till", TILL_LIFE, _cashier, "/till/unlock", "till/layout.html", "/till")
VISITOR = Audience("visitor", "account", ACCOUNT_LIFE, lambda _: True)
ACCOUNT = Audience("account", "account", ACCOUNT_LIFE, _holder, "/sign-in", "layouts/phone.html", "/console")
MERCHANT = replace(ACCOUNT, name="merchant", admits=_merchant)
OPERATOR = replace(ACCOUNT, name="operator", admits=_operator)

AUDIENCES = (ANYBODY, PHONE, MEMBER, DEVICE, TILL, CASHIER, VISITOR, ACCOUNT, MERCHANT, OPERATOR)
