"""`python -m batchgw` is `batchgw`. It takes the process's streams and signals over before anything else."""

import gc
import sys


def main() -> None:
    """Load the command line, run it, and exit with its code. A signal ends it without a traceback."""
    code = 130  # exit_codes.INTERRUPTED: nothing is loaded yet
    try:
        from batchgw.cli import process_signals  # noqa: PLC0415 - loading is what may be interrupted
        from batchgw.cli.output import streams  # noqa: PLC0415 - as above

        process_signals.handle()
        streams.take_over()
        gc.disable()  # loading makes no garbage worth looking for: a twentieth of the time of --help
        from batchgw.cli.main import run  # noqa: PLC0415 - as above

        gc.freeze()
        gc.enable()
        code = run(sys.argv[1:])
        process_signals.stop_handling()
    except KeyboardInterrupt:  # before the start or after the end; `cli.signals` stops the rest
        pass
    sys.exit(code)


if __name__ == "__main__":
    main()
