"""A server's certificate is checked: its authority, and its host name, which aiobotocore does not check."""

from __future__ import annotations

import ssl
import tracemalloc
from asyncio.sslproto import SSLProtocol
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
import trustme
from aiohttp import web
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from cryptography.x509.oid import NameOID

from batchgw.control_plane.aws import connect
from batchgw.control_plane.aws.tls import READ_BUFFER, tls_context
from batchgw.control_plane.operations import GetRestApis
from batchgw.errors import ConnectionFailed, CredentialsUnavailable, UsageError
from batchgw.model import AccountId, Region, Scope
from tests.conformance.aws.stub import BASE_ACCOUNT, api_answer, only_test_configuration, serving

pytestmark = pytest.mark.usefixtures("each_way")

HERE = Scope(account=AccountId(BASE_ACCOUNT), region=Region("eu-west-1"))


@pytest.fixture(autouse=True)
def _configuration(monkeypatch: pytest.MonkeyPatch) -> None:
    only_test_configuration(monkeypatch)


@pytest.fixture(scope="module")
def authority() -> trustme.CA:
    return trustme.CA()


@pytest.fixture
def bundle(authority: trustme.CA, tmp_path: Path) -> str:
    path = tmp_path / "ca.pem"
    authority.cert_pem.write_to_path(str(path))
    return str(path)


@pytest.fixture
def server(authority: trustme.CA) -> Callable[[str], ssl.SSLContext]:
    def context(name: str) -> ssl.SSLContext:
        made = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        authority.issue_cert(name).configure_cert(made)
        return made

    return context


Server = Callable[[str], ssl.SSLContext]


@pytest.mark.asyncio
async def test_the_right_name_from_a_trusted_authority_is_accepted(server: Server, bundle: str) -> None:
    async with (
        serving(server("localhost")) as stub,
        connect(endpoint_url=f"https://localhost:{stub.port}", ca_bundle=bundle, attempts=1) as plane,
    ):
        answer = await plane.send(GetRestApis(scope=HERE))
    assert answer.items == ()


@pytest.mark.asyncio
async def test_the_environment_may_name_the_authority(
    server: Server, bundle: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("AWS_CA_BUNDLE", bundle)
    async with (
        serving(server("localhost")) as stub,
        connect(endpoint_url=f"https://localhost:{stub.port}", attempts=1) as plane,
    ):
        assert await plane.current_account() == BASE_ACCOUNT


@pytest.mark.asyncio
async def test_a_wrong_name_from_a_trusted_authority_is_refused(server: Server, bundle: str) -> None:
    """The certificate is for another host. boto3 refuses that, and so must batchgw."""
    async with (
        serving(server("apigateway.eu-west-1.amazonaws.com")) as stub,
        connect(endpoint_url=f"https://localhost:{stub.port}", ca_bundle=bundle, attempts=1) as plane,
    ):
        with pytest.raises(
            ConnectionFailed,
            match=rf"https://localhost:{stub.port}: its TLS certificate is refused \(Hostname",
        ):
            await plane.current_account()
    assert stub.seen == []


@pytest.mark.asyncio
async def test_an_unknown_authority_is_refused(server: Server) -> None:
    async with (
        serving(server("localhost")) as stub,
        connect(endpoint_url=f"https://localhost:{stub.port}", attempts=1) as plane,
    ):
        with pytest.raises(ConnectionFailed, match=r"refused \(unable to get local issuer.*AWS_CA_BUNDLE"):
            await plane.current_account()
    assert stub.seen == []


@pytest.mark.asyncio
async def test_a_self_signed_certificate_is_refused(bundle: str) -> None:
    """Its authority has the trusted one's name, but other keys."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    trustme.CA().issue_cert("localhost").configure_cert(context)
    async with (
        serving(context) as stub,
        connect(endpoint_url=f"https://localhost:{stub.port}", ca_bundle=bundle, attempts=1) as plane,
    ):
        with pytest.raises(ConnectionFailed, match="TLS certificate is refused"):
            await plane.current_account()
    assert stub.seen == []


@pytest.mark.asyncio
async def test_a_server_that_does_not_speak_tls_is_a_failed_connection(bundle: str) -> None:
    async with (
        serving() as stub,
        connect(endpoint_url=f"https://localhost:{stub.port}", ca_bundle=bundle, attempts=1) as plane,
    ):
        with pytest.raises(ConnectionFailed, match="TLS failed"):
            await plane.current_account()


@pytest.mark.asyncio
@pytest.mark.parametrize("content", [None, "not a certificate\n"])
async def test_an_error_names_an_unusable_bundle(content: str | None, tmp_path: Path) -> None:
    path = tmp_path / "ca.pem"
    if content is not None:
        path.write_text(content)
    with pytest.raises(UsageError, match=rf"CA bundle {path} cannot be used.*AWS_CA_BUNDLE"):
        async with connect(ca_bundle=str(path)):
            pass


@pytest.mark.asyncio
@pytest.mark.parametrize(("name", "accepted"), [("localhost", True), ("sts.eu-west-1.amazonaws.com", False)])
async def test_the_clients_that_botocore_makes_check_certificates_in_the_same_way(
    name: str,
    accepted: bool,  # noqa: FBT001 - a column of the table
    server: Server,
    bundle: str,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Botocore assumes a profile's role with an STS client of its own. That one checks names, too."""
    config = Path(bundle).with_name("config")
    config.write_text(
        "[profile audit]\nrole_arn = arn:aws:iam::222222222222:role/Audit\nsource_profile = base\n"
        "region = eu-west-1\n"
        "[profile base]\naws_access_key_id = AKIABASE\naws_secret_access_key = s\n"
    )
    monkeypatch.setenv("AWS_CONFIG_FILE", str(config))
    monkeypatch.setenv("AWS_MAX_ATTEMPTS", "1")
    async with serving(server(name)) as stub:
        monkeypatch.setenv("AWS_ENDPOINT_URL_STS", f"https://localhost:{stub.port}")
        connection = connect(profile="audit", ca_bundle=bundle)
        if accepted:
            async with connection:
                pass
            assert [s.form["RoleArn"] for s in stub.seen] == ["arn:aws:iam::222222222222:role/Audit"]
        else:
            with pytest.raises(CredentialsUnavailable, match=r"profile audit.*certificate is refused \(Host"):
                async with connection:
                    pass
            assert stub.seen == []


@pytest.mark.asyncio
async def test_a_connection_takes_little_memory_and_long_answers_come_whole(
    server: Server, bundle: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The memory is asyncio's read buffer of a connection. The page is six times as long."""
    monkeypatch.setattr(SSLProtocol, "max_size", 256 * 1024)
    items = [{"id": f"{number:010x}", "name": "n" * 400} for number in range(500)]
    async with (
        serving(server("localhost")) as stub,
        connect(endpoint_url=f"https://localhost:{stub.port}", ca_bundle=bundle, attempts=1) as plane,
    ):

        async def page(*_: object) -> web.StreamResponse:
            return api_answer(200, {"item": items})

        stub.gateway = page
        tracemalloc.start()
        try:
            answer = await plane.send(GetRestApis(scope=HERE))
            found = tracemalloc.take_snapshot().statistics("filename")
        finally:
            tracemalloc.stop()
    assert len(answer.items) == 500
    buffers = sum(each.size for each in found if each.traceback[0].filename.endswith("asyncio/sslproto.py"))
    assert READ_BUFFER < buffers < 3 * READ_BUFFER, "that of the client, and that of the server"


def certificates(folder: Path, name: str) -> tuple[ssl.SSLContext, str]:
    """A server's context for a host, and the bundle with its authority: a root like those of company proxies.

    Its Basic Constraints are not critical, which RFC 5280 asks of an authority.
    """
    signed = _signing(folder, name)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(folder / "server.pem", folder / "server.key")
    return context, signed


def _signing(folder: Path, name: str) -> str:
    root_key, key = (ec.generate_private_key(ec.SECP256R1()) for _ in range(2))
    root_name, subject = (
        x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, each)]) for each in ("Inspection Root", name)
    )
    now = datetime.now(UTC)

    def begun(whose: x509.Name, public: ec.EllipticCurvePublicKey) -> x509.CertificateBuilder:
        return (
            x509.CertificateBuilder()
            .subject_name(whose)
            .issuer_name(root_name)
            .public_key(public)
            .serial_number(x509.random_serial_number())
            .not_valid_before(now - timedelta(days=1))
            .not_valid_after(now + timedelta(days=1))
        )

    root = (
        begun(root_name, root_key.public_key())
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=False)
        .sign(root_key, hashes.SHA256())
    )
    leaf = (
        begun(subject, key.public_key())
        .add_extension(x509.SubjectAlternativeName([x509.DNSName(name)]), critical=False)
        .sign(root_key, hashes.SHA256())
    )
    private = key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
    (folder / "server.key").write_bytes(private)
    (folder / "server.pem").write_bytes(leaf.public_bytes(Encoding.PEM))
    (folder / "root.pem").write_bytes(root.public_bytes(Encoding.PEM))
    return str(folder / "root.pem")


@pytest.mark.asyncio
async def test_a_company_s_root_is_trusted_as_the_aws_tools_trust_it(tmp_path: Path) -> None:
    """Python 3.13 and later would refuse it by default."""
    context, bundle = certificates(tmp_path, "localhost")
    async with (
        serving(context) as stub,
        connect(endpoint_url=f"https://localhost:{stub.port}", ca_bundle=bundle, attempts=1) as plane,
    ):
        assert await plane.current_account() == BASE_ACCOUNT


@pytest.mark.asyncio
async def test_a_certificate_by_a_company_s_root_is_refused_for_another_host(tmp_path: Path) -> None:
    context, bundle = certificates(tmp_path, "elsewhere.example")
    async with (
        serving(context) as stub,
        connect(endpoint_url=f"https://localhost:{stub.port}", ca_bundle=bundle, attempts=1) as plane,
    ):
        with pytest.raises(ConnectionFailed, match=r"its TLS certificate is refused \(Hostname"):
            await plane.current_account()


@pytest.mark.parametrize("own", [True, False])
def test_no_context_is_stricter_than_the_aws_tools_on_any_python(own: bool, bundle: str) -> None:  # noqa: FBT001 - a case
    context = tls_context(bundle if own else None)
    assert not context.verify_flags & ssl.VERIFY_X509_STRICT
    assert context.check_hostname
    assert context.verify_mode is ssl.CERT_REQUIRED
