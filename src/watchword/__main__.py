"""Where the program starts.  ``--version`` is answered before anything is imported."""

from __future__ import annotations

import sys


def main() -> None:
    """Run the command line; exits with the codes that ``watchword --help`` lists."""
    if sys.argv[1:] == ["--version"]:
        from watchword import __version__

        sys.stdout.write(f"watchword {__version__}\n")
        return
    from watchword.cli import run

    run()


if __name__ == "__main__":
    main()
