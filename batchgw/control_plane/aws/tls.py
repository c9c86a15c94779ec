"""Whom to trust: one TLS context for all connections, which checks certificates and host names."""

from __future__ import annotations

import ssl
from asyncio.sslproto import SSLProtocol

from botocore.httpsession import get_cert_path

from batchgw.control_plane.aws.credentials.bounded_files import check_file
from batchgw.errors import UsageError

READ_BUFFER = 32 * 1024
"""Bytes of the buffer that asyncio keeps for each TLS connection: room for two TLS records."""


def spare_buffers() -> None:
    """Let every TLS connection that this process opens from now on keep a small buffer for what it reads.

    asyncio's own is 256 KB, four fifths of what a connection takes: with 2,500 of them 0.6 GB, for answers
    of a few KB. A page of REST APIs comes in a few pieces instead of one. The attribute is not documented:
    `tests/conformance/aws/test_aws_plane_tls.py` pins it.
    """
    SSLProtocol.max_size = min(getattr(SSLProtocol, "max_size", READ_BUFFER), READ_BUFFER)


def tls_context(ca_bundle: str | None) -> ssl.SSLContext:
    """Make the context. A bundle replaces the usual authorities, as with boto3, or raises UsageError.

    Without one the system's authorities count, and those botocore ships: a slim container may have none.
    """
    if ca_bundle is None:
        return _with_usual_authorities()
    check_file(ca_bundle, "--ca-bundle, AWS_CA_BUNDLE or ca_bundle of the profile")
    try:
        return _as_botocore(ca_bundle)
    except OSError as error:  # ssl.SSLError is one: a file without certificates
        raise UsageError(
            f"the CA bundle {ca_bundle} cannot be used: {error.strerror or error}. It must be a file of PEM "
            "certificates; it is named by AWS_CA_BUNDLE, or by ca_bundle in the profile."
        ) from error


def _with_usual_authorities() -> ssl.SSLContext:
    context = _as_botocore()
    context.load_verify_locations(cafile=get_cert_path(True))  # noqa: FBT003 - botocore's spelling
    return context


def _as_botocore(ca_bundle: str | None = None) -> ssl.SSLContext:
    """Make a context as strict as the AWS tools', which accept what companies' proxies sign with.

    Python 3.13 began to refuse authorities that break RFC 5280, such as a root whose Basic Constraints are
    not critical. Signatures, dates and host names are checked as before.
    """
    context = ssl.create_default_context(cafile=ca_bundle)
    context.verify_flags &= ~ssl.VERIFY_X509_STRICT
    return context
