"""`python -m batchgw` is `batchgw`."""

from batchgw.cli.main import main

if __name__ == "__main__":
    main()
