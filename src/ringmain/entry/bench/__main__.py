"""`python -m ringmain.entry.bench`: the bench without the rest of the command line."""

import sys

from ringmain.entry.bench.command import main

main(quick="--quick" in sys.argv, only=[word for word in sys.argv[1:] if not word.startswith("-")])
