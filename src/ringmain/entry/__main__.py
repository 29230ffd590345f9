"""`python -m ringmain.entry` is the command `ringmain`."""

from ringmain.entry.cli import main

main()
