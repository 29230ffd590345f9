"""The person's phone: scenes, joining, wallet, vouchers, what is nearby, and the page that finds itself again."""

from ringmain.entry.web.audiences import ANYBODY, MEMBER, PHONE
from ringmain.entry.web.person import app, code, joining, nearby, packets, scene, taking, today, voucher, wallet
from ringmain.kit.http.limits import Limit
from ringmain.kit.pages import PageRoute

# A shop's guests share one address; a search for codes or phones needs far more than this.
_GUESSABLE = (Limit(60, seconds=60, per="address"),)
_HERE = frozenset({"geolocation"})

PAGES: tuple[PageRoute, ...] = (
    PageRoute(path="/s/{token}", audience=PHONE, get=scene.show, post=scene.choose, limit=_GUESSABLE),
    PageRoute(path="/join", audience=PHONE, get=joining.ask_phone, post=joining.send_code, limit=_GUESSABLE),
    PageRoute(path="/join/code", audience=PHONE, get=joining.ask_code, post=joining.join, limit=_GUESSABLE),
    PageRoute(path="/welcome-back", audience=PHONE, get=joining.welcome_back),
    PageRoute(path="/wallet", audience=MEMBER, get=wallet.show),
    PageRoute(path="/wallet/{voucher_id:uuid}", audience=MEMBER, get=voucher.show),
    PageRoute(
        path="/wallet/{voucher_id:uuid}/digits",
        audience=MEMBER,
        get=voucher.ask_digits,
        post=voucher.digits,
        limit=_GUESSABLE,
    ),
    PageRoute(path="/wallet/{voucher_id:uuid}/coming", audience=MEMBER, get=voucher.ask_coming, post=voucher.coming),
    PageRoute(path="/wallet/{voucher_id:uuid}/why", audience=MEMBER, get=voucher.why),
    PageRoute(path="/wallet/{voucher_id:uuid}/share", audience=MEMBER, get=voucher.shared, post=voucher.share),
    PageRoute(path="/wallet/{voucher_id:uuid}/packet", audience=MEMBER, get=packets.ask, post=packets.make),
    PageRoute(path="/code", audience=MEMBER, get=code.show),
    PageRoute(path="/code/now", audience=MEMBER, get=code.now),
    # A search changes nothing, and where somebody stands belongs into no address: so it is sent, and kept nowhere.
    PageRoute(path="/nearby", audience=PHONE, get=nearby.show, post=nearby.search, harmless=True, features=_HERE),
    PageRoute(path="/nearby/take", audience=PHONE, post=taking.take),
    PageRoute(path="/nearby/not-for-me", audience=MEMBER, get=nearby.hidden, post=nearby.hide),
    PageRoute(path="/nearby/again", audience=MEMBER, post=nearby.show_again),
    PageRoute(path="/today", audience=MEMBER, get=today.show),
    PageRoute(path="/today/not-for-me", audience=MEMBER, post=today.hide),
    PageRoute(path="/offline", audience=ANYBODY, get=app.offline),
    PageRoute(path="/sw.js", audience=ANYBODY, get=app.worker),
    PageRoute(path="/manifest.webmanifest", audience=ANYBODY, get=app.manifest),
)
