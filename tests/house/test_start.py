"""What a server loads: models are there to be learnt elsewhere, and starting does not wait for their libraries."""

import json
import subprocess
import sys

HEAVY = ("lightgbm", "pandas", "sklearn", "scipy.optimize", "scipy.stats")
SERVER = "import ringmain.entry.http, ringmain.entry.web.site"


def _loaded(program: str) -> list[str]:
    asked = f"{program}; import json, sys; print(json.dumps([name for name in {HEAVY!r} if name in sys.modules]))"
    done = subprocess.run([sys.executable, "-c", asked], capture_output=True, text=True, check=True)
    loaded: list[str] = json.loads(done.stdout)
    return loaded


def test_a_server_loads_no_library_that_only_learns() -> None:
    """API and pages are imported without what grows trees or fits regressions."""
    assert _loaded(SERVER) == []


def test_a_library_that_is_loaded_would_be_named() -> None:
    """Control: a library that a slice would import at its top is found."""
    assert "sklearn" in _loaded("import ringmain.kit.learn, sklearn.linear_model")
