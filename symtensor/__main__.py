"""``python -m symtensor``: see ``symtensor.cli``."""

from symtensor.cli import main

raise SystemExit(main())
