"""What makes the pages an app on the phone: name, icons, and the worker that keeps vouchers for when it is offline."""

import msgspec
from starlette.responses import Response

from ringmain.kit.pages import Visit

_ICONS = ((192, "any"), (512, "any"), (512, "maskable"))


async def worker(visit: Visit) -> Response:
    """Give the service worker: from the root, so that it may answer for every page."""
    return visit.site.files.answer(visit.request, "person/sw.js", for_ever=False)


async def manifest(visit: Visit) -> Response:
    """Give name, colours and icons."""
    files = visit.site.files
    about = {
        "id": "/wallet",
        "name": visit.speech.text("Ringmain vouchers"),
        "short_name": "Ringmain",
        "lang": visit.speech.tag,
        "start_url": "/wallet",
        "scope": "/",
        "display": "standalone",
        "background_color": "#f7f4ec",
        "theme_color": "#f7f4ec",
        "icons": [
            {
                "src": files.address(f"person/icon-{size}{'-maskable' if purpose == 'maskable' else ''}.png"),
                "sizes": f"{size}x{size}",
                "type": "image/png",
                "purpose": purpose,
            }
            for size, purpose in _ICONS
        ],
    }
    headers = {"cache-control": "no-cache"}
    return Response(msgspec.json.encode(about), 200, headers, "application/manifest+json")


async def offline(visit: Visit) -> Response:
    """Show what stands there when the network is away and the page was never kept."""
    return visit.page("person/offline.html")
