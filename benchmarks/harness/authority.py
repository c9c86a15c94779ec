"""A certificate for 127.0.0.1, and the authority to trust for it."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import trustme


@dataclass(frozen=True, slots=True)
class Issued:
    """Two files: the server's certificate with its key, and the authority's certificate."""

    certificate: Path
    ca: Path


def issue(folder: Path) -> Issued:
    """Write both into a folder."""
    authority = trustme.CA()
    issued = Issued(folder / "server.pem", folder / "ca.pem")
    authority.issue_cert("127.0.0.1").private_key_and_cert_chain_pem.write_to_path(str(issued.certificate))
    authority.cert_pem.write_to_path(str(issued.ca))
    return issued
