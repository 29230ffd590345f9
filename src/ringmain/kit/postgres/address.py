"""Where a server is and how to get in: addresses and the URLs made from them."""

from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import quote, urlencode

SUPERUSER = "postgres"
APPLICATION_USER = "ringmain_app"


@dataclass(frozen=True, slots=True)
class ServerAddress:
    """The embedded server: its socket folder, its port (also on 127.0.0.1), and the passwords of its two logins."""

    socket_folder: Path
    port: int
    password: str = field(repr=False)
    application_password: str = field(repr=False)
    superuser: str = SUPERUSER

    def url(self, database: str, user: str | None = None, *, tcp: bool = False) -> str:
        """Return the psycopg URL of a database, as the superuser or the application's login.

        It goes through the unix socket, which is faster and private, or through 127.0.0.1 where `tcp` is set.
        The URL contains the password: it is for drivers, never for logs.
        """
        user = user or self.superuser
        password = self.password if user == self.superuser else self.application_password
        login = f"{quote(user, safe='')}:{quote(password, safe='')}"
        name = quote(database, safe="")
        if tcp:
            return f"postgresql://{login}@127.0.0.1:{self.port}/{name}"
        place = urlencode({"host": str(self.socket_folder), "port": self.port}, quote_via=quote)
        return f"postgresql://{login}@/{name}?{place}"
