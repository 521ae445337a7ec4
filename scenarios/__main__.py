"""``python -m scenarios`` is the command ``contactpolicy``."""

from scenarios.cli import main

main()
