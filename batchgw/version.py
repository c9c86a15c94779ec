"""The version, as the package was installed."""

from importlib.metadata import PackageNotFoundError, version

try:
    VERSION = version("batchgw")
except PackageNotFoundError:  # run from a source tree that was never installed
    VERSION = "0+unknown"
