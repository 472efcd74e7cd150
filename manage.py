#!/usr/bin/env python
"""Django's command line. Beside a running `make run` it finds that one's servers by itself."""

from __future__ import annotations

import gc
import os
import sys
from pathlib import Path

from django.core.exceptions import ImproperlyConfigured
from django.core.management import execute_from_command_line

from climbiq.local.remembered import recall
from climbiq.local.without_servers import needs_no_server, stand_in


def main() -> None:
    """Run the command named on the command line."""
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "climbiq.settings")
    command = sys.argv[1] if len(sys.argv) > 1 else ""
    recall(Path(__file__).resolve().parent, command=command, environ=os.environ)
    if needs_no_server(sys.argv[1:]):
        stand_in(os.environ)
    try:
        execute_from_command_line(sys.argv)
    except ImproperlyConfigured as error:
        sys.exit(f"{error}\nStart `make run` in another terminal first, or set the environment yourself.")
    finally:
        # At its end the interpreter looks for circles in all that is loaded: a second and more after `train`.
        gc.freeze()


if __name__ == "__main__":
    main()
