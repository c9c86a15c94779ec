"""`python -m batchgw` is `batchgw`. A Ctrl-C while it is still loading ends it without a word of Python."""

import gc
import sys


def main() -> None:
    """Load the command line, run it, and exit with its code."""
    try:
        gc.disable()  # loading makes no garbage worth looking for: a twentieth of the time of --help
        from batchgw.cli.main import main as run  # noqa: PLC0415 - loading is what may be interrupted

        gc.freeze()
        gc.enable()
        run()
    except KeyboardInterrupt:  # nothing has begun, or all is over: between, signals are heeded in two steps
        sys.exit(130)


if __name__ == "__main__":
    main()
