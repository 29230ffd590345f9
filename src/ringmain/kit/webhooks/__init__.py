"""Facts told to others by HTTP: signed, at least once, tried again for three days, and never into our own house."""

from ringmain.kit.webhooks.deliver import Courier
from ringmain.kit.webhooks.events import TEST, Source, ids_only, of_lake, teller
from ringmain.kit.webhooks.guard import Guard
from ringmain.kit.webhooks.manage import (
    NewEndpoint,
    enable,
    make_endpoint,
    remove_endpoint,
    resend,
    resend_failed,
    rotate_secret,
    secret_text,
    send_test,
)
from ringmain.kit.webhooks.model import Schedule
from ringmain.kit.webhooks.store import Delivery, Endpoint, deliveries, endpoint, endpoints

__all__ = [
    "TEST",
    "Courier",
    "Delivery",
    "Endpoint",
    "Guard",
    "NewEndpoint",
    "Schedule",
    "Source",
    "deliveries",
    "enable",
    "endpoint",
    "endpoints",
    "ids_only",
    "make_endpoint",
    "of_lake",
    "remove_endpoint",
    "resend",
    "resend_failed",
    "rotate_secret",
    "secret_text",
    "send_test",
    "teller",
]
