"""``python -m capelib.cli``, for an interpreter whose scripts are not on the path."""

from capelib.cli.main import main

raise SystemExit(main())
