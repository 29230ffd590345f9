"""`python -m ringmain.entry.bench` without the command line of the rest."""

import sys
from pathlib import Path

from ringmain.entry.bench import main

if __name__ == "__main__":
    words = sys.argv[1:]
    main(Path("bench.json"), quick="--quick" in words, only=[word for word in words if not word.startswith("-")])
