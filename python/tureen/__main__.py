"""``python -m tureen``: the command ``tureen`` that was installed with this package."""

from __future__ import annotations

import os
import shutil
import sys
import sysconfig


def main() -> None:
    """Become the command ``tureen``, with the same arguments and in the same process.

    Raises:
        SystemExit: there is no such command beside this package.
    """
    scripts = sysconfig.get_path("scripts")
    command = shutil.which("tureen", path=os.pathsep.join([scripts, os.path.dirname(sys.executable)]))
    if command is None:
        sys.exit(
            f"error: no command `tureen` in {scripts}\nhint: install the package again: `pip install tureen`"
        )
    os.execv(command, [command, *sys.argv[1:]])


if __name__ == "__main__":
    main()
