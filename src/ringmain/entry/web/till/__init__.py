"""The till: pairing, unlocking, sales with vouchers, undoing, shifts."""

from ringmain.entry.web.audiences import CASHIER, DEVICE, TILL
from ringmain.entry.web.till import home, identify, offline, pairing, receipts, recent, sales, shift, unlock
from ringmain.kit.pages import PageRoute

PAGES: tuple[PageRoute, ...] = (
    PageRoute(path="/till/pair", audience=DEVICE, get=pairing.show, post=pairing.pair, limit=pairing.PAIRING_LIMITS),
    PageRoute(path="/till/unpair", audience=CASHIER, post=pairing.unpair),
    PageRoute(path="/till/unlock", audience=TILL, get=unlock.show, post=unlock.unlock, limit=unlock.PIN_LIMITS),
    PageRoute(path="/till/lock", audience=TILL, post=unlock.lock_till),
    PageRoute(path="/till", audience=CASHIER, get=home.show, features=frozenset({"camera"})),
    PageRoute(path="/till/identify", audience=CASHIER, post=identify.identify, json=True),
    PageRoute(path="/till/quote", audience=CASHIER, post=identify.reckon, json=True),
    PageRoute(path="/till/join", audience=CASHIER, post=identify.join, json=True),
    PageRoute(path="/till/join-code", audience=CASHIER, post=identify.join_code, json=True),
    PageRoute(path="/till/benefit", audience=CASHIER, post=identify.give_benefit, json=True),
    PageRoute(path="/till/photo/{member_id:uuid}", audience=CASHIER, get=identify.photo),
    PageRoute(path="/till/sale", audience=CASHIER, post=sales.record, json=True),
    PageRoute(path="/till/undo", audience=CASHIER, post=sales.undo, json=True),
    PageRoute(path="/till/queue", audience=TILL, get=offline.show_queue),
    PageRoute(path="/till/queue/sales", audience=TILL, post=offline.queue, json=True, most_bytes=offline.MOST_BYTES),
    PageRoute(path="/till/leases", audience=TILL, post=offline.lease, json=True),
    PageRoute(path="/till/leases/release", audience=TILL, post=offline.release, json=True),
    PageRoute(path="/till/sw.js", audience=DEVICE, get=offline.worker),
    PageRoute(path="/till/recent", audience=CASHIER, get=recent.show),
    PageRoute(path="/till/shift", audience=CASHIER, get=shift.show, post=shift.change),
    PageRoute(path="/till/settings", audience=CASHIER, get=home.settings),
    PageRoute(path="/till/receipt/test", audience=CASHIER, get=receipts.test_page),
    PageRoute(path="/till/receipt/test.bin", audience=CASHIER, get=receipts.test_escpos),
    PageRoute(path="/till/receipt/{sale_id:uuid}", audience=CASHIER, get=receipts.show),
    PageRoute(path="/till/receipt/{sale_id:uuid}/printer", audience=CASHIER, get=receipts.escpos),
)
