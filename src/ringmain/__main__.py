"""`python -m ringmain` is the command `ringmain`."""

from ringmain.entry.cli import main

main()
