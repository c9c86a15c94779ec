"""What the chain of credentials does otherwise than botocore's: MFA codes, processes, and a role's region."""

from __future__ import annotations

import json
import os
import pty
import sys
import textwrap
from pathlib import Path

import anyio
import pytest
from botocore.exceptions import CredentialRetrievalError

from batchgw.concurrency.stop import StopSignal
from batchgw.control_plane.aws import connect
from batchgw.control_plane.aws.credentials.credential_process import output_of
from batchgw.errors import CredentialsUnavailable, Stopped, UsageError
from tests.conformance.aws.stub import only_test_configuration, serving

pytestmark = pytest.mark.asyncio


@pytest.fixture(autouse=True)
def home(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Path:
    """A configuration of the test's own, with no keys in the environment."""
    only_test_configuration(monkeypatch)
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_DEFAULT_REGION"):
        monkeypatch.delenv(name)
    monkeypatch.setenv("AWS_CONFIG_FILE", str(tmp_path / "config"))
    monkeypatch.setenv("AWS_SHARED_CREDENTIALS_FILE", str(tmp_path / "credentials"))
    return tmp_path


def process(home: Path, code: str) -> None:
    """Have the default profile run Python."""
    script = home / "process.py"
    script.write_text(textwrap.dedent(code))
    (home / "config").write_text(f"[default]\ncredential_process = {sys.executable} {script}\n")


async def refusal() -> str:
    with pytest.raises(CredentialsUnavailable) as caught:
        async with connect():
            pass
    assert "hunter2" not in str(caught.value)
    return str(caught.value)


def printed(**changed: object) -> str:
    """What a process should print, with something changed; None leaves it out."""
    whole = {"Version": 1, "AccessKeyId": "AKIA1", "SecretAccessKey": "hunter2"} | changed
    return json.dumps({name: value for name, value in whole.items() if value is not None})


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("", "did not print JSON"),
        ("hunter2", "did not print JSON"),
        ("[" * 100_000, "did not print JSON"),
        ("[1]", "did not print a JSON object"),
        (printed(Version=None), "did not print Version 1"),
        (printed(SecretAccessKey=None), "did not print SecretAccessKey"),
        (printed(AccessKeyId=123), "the access key is not a text but of type int"),
        (printed(SecretAccessKey="hunter2\n"), "the secret key has a line break"),
        (printed(SessionToken=5), "the session token is not a text"),
        (printed(Expiration=5), "Expiration that it printed is not a text"),
    ],
)
async def test_what_a_process_prints_is_refused_with_the_reason_and_not_shown(
    text: str, why: str, home: Path
) -> None:
    (home / "printed").write_text(text)
    process(home, f"print(open({str(home / 'printed')!r}).read())")
    assert why in await refusal()


async def test_what_a_failing_process_wrote_to_stderr_is_shown_without_its_secrets(home: Path) -> None:
    process(
        home,
        """
        import sys
        print("please log in; password=hunter2", file=sys.stderr)
        sys.exit(3)
        """,
    )
    said = await refusal()
    assert "ended with status 3 and said: please log in" in said


async def test_a_process_that_is_not_there_is_named_as_such(home: Path) -> None:
    (home / "config").write_text("[default]\ncredential_process = /no/such/program\n")
    assert "it cannot be run: No such file or directory" in await refusal()


CHILD = "import os, subprocess, sys, time; open(sys.argv[1], 'a').write(f'{os.getpid()}\\n'); time.sleep(600)"
PARENT = """
import subprocess, sys
subprocess.run([sys.executable, "-c", %r, %r])
"""


def told(pids: Path) -> str:
    return pids.read_text() if pids.exists() else ""


def runs(pid: int) -> bool:
    """Tell whether a process that is not ours to wait for still runs."""
    try:
        return ") Z " not in Path(f"/proc/{pid}/stat").read_text()
    except OSError:
        return False


async def started(pids: Path) -> int:
    with anyio.fail_after(60):
        while not told(pids).endswith("\n"):  # noqa: ASYNC110 - it is another process
            await anyio.sleep(0.02)
    return int(told(pids))


async def ended(pid: int) -> None:
    with anyio.fail_after(60):
        while runs(pid):  # noqa: ASYNC110 - as above
            await anyio.sleep(0.02)


async def test_one_stop_ends_a_process_that_hangs_and_what_it_has_started(home: Path) -> None:
    pids, stop = home / "pids", StopSignal()
    process(home, PARENT % (CHILD, str(pids)))

    async def stop_it() -> None:
        await started(pids)
        stop.request()

    async with anyio.create_task_group() as tasks:
        tasks.start_soon(stop_it)
        with pytest.raises(Stopped):
            async with connect(stop=stop):
                pass
    await ended(await started(pids))


async def test_a_process_that_takes_too_long_is_ended_with_what_it_has_started(home: Path) -> None:
    pids, script = home / "pids", home / "parent.py"
    script.write_text(PARENT % (CHILD, str(pids)))
    with pytest.raises(CredentialRetrievalError, match="gave no answer within"):
        await output_of([sys.executable, str(script)], patience=5.0)
    await ended(await started(pids))


async def test_a_process_that_prints_without_end_is_ended_soon(home: Path) -> None:
    pids, script = home / "pids", home / "flood.py"
    script.write_text(
        f"import os, sys\nopen({str(pids)!r}, 'w').write(f'{{os.getpid()}}\\n')\n"
        "while True:\n    sys.stdout.write('x' * 65536)\n"
    )
    with pytest.raises(CredentialRetrievalError, match="printed more than 1 MiB"):
        await output_of([sys.executable, str(script)])
    await ended(await started(pids))


async def test_of_a_secret_that_a_process_complains_with_not_even_the_end_is_shown(home: Path) -> None:
    script = home / "refused.py"
    script.write_text("import sys\nsys.exit('export AWS_SESSION_TOKEN=' + 'x' * 1000)\n")
    with pytest.raises(CredentialRetrievalError, match="AWS_SESSION_TOKEN=") as caught:
        await output_of([sys.executable, str(script)])
    assert "xx" not in str(caught.value)


async def test_without_a_terminal_an_mfa_code_cannot_be_asked_for_and_the_reason_says_so(
    home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("batchgw.control_plane.aws.credentials.prompt.TERMINAL", str(home / "no-terminal"))
    mfa_profile(home)
    said = await refusal()
    assert "role/Batchgw of the profile needs an MFA code, and there is no terminal to ask on" in said


def mfa_profile(home: Path) -> None:
    (home / "config").write_text(
        "[default]\nrole_arn = arn:aws:iam::111111111111:role/Batchgw\nsource_profile = base\n"
        "mfa_serial = arn:aws:iam::111111111111:mfa/me\n[profile base]\n"
    )
    (home / "credentials").write_text("[base]\naws_access_key_id = AKIA1\naws_secret_access_key = s\n")


async def test_an_mfa_code_is_asked_for_on_the_terminal_and_sent(
    home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    master, terminal = pty.openpty()
    monkeypatch.setattr("batchgw.control_plane.aws.credentials.prompt.TERMINAL", os.ttyname(terminal))
    mfa_profile(home)
    async with serving() as stub:
        monkeypatch.setenv("AWS_ENDPOINT_URL", f"http://127.0.0.1:{stub.port}")

        async def answer() -> None:
            asked = b""
            while b"MFA code" not in asked:
                asked += await anyio.to_thread.run_sync(os.read, master, 1024)
            os.write(master, b"123456\n")

        async with anyio.create_task_group() as tasks:
            tasks.start_soon(answer)
            async with connect():
                pass
    (asked,) = stub.assumed
    assert asked.form["TokenCode"] == "123456"
    os.close(master)
    os.close(terminal)


async def test_a_stop_ends_the_question_for_an_mfa_code_and_the_terminal_shows_again_what_is_typed(
    home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    import termios  # noqa: PLC0415 - for this alone

    master, terminal = pty.openpty()
    monkeypatch.setattr("batchgw.control_plane.aws.credentials.prompt.TERMINAL", os.ttyname(terminal))
    mfa_profile(home)
    stop = StopSignal()

    async def stop_when_asked() -> None:
        asked = b""
        while b"MFA code" not in asked:
            asked += await anyio.to_thread.run_sync(os.read, master, 1024)
        assert not termios.tcgetattr(terminal)[3] & termios.ECHO
        stop.request()

    async with anyio.create_task_group() as tasks:
        tasks.start_soon(stop_when_asked)
        with pytest.raises(Stopped):
            async with connect(stop=stop):
                pass
    assert termios.tcgetattr(terminal)[3] & termios.ECHO
    os.close(master)
    os.close(terminal)


@pytest.mark.parametrize("by", ["flag", "AWS_REGION", "AWS_DEFAULT_REGION", "profile", "nothing"])
async def test_a_profiles_role_is_assumed_in_the_region_that_was_chosen(
    by: str, home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    region = "region = eu-north-1\n" if by == "profile" else ""
    (home / "config").write_text(
        "[default]\nrole_arn = arn:aws:iam::111111111111:role/Batchgw\n"
        f"source_profile = base\n{region}[profile base]\n"
    )
    (home / "credentials").write_text("[base]\naws_access_key_id = AKIA1\naws_secret_access_key = s\n")
    if by.startswith("AWS"):
        monkeypatch.setenv(by, "eu-north-1")
    async with serving() as stub:
        monkeypatch.setenv("AWS_ENDPOINT_URL", f"http://127.0.0.1:{stub.port}")
        async with connect(region="eu-north-1" if by == "flag" else None):
            pass
    assert [s.region for s in stub.assumed] == ["us-east-1" if by == "nothing" else "eu-north-1"]


@pytest.fixture
def pipe(tmp_path: Path) -> str:
    """A named pipe that nobody writes to: whoever opens it waits."""
    path = tmp_path / "pipe"
    os.mkfifo(path)
    return str(path)


@pytest.mark.parametrize(
    "variable",
    [
        "AWS_CONFIG_FILE",
        "AWS_SHARED_CREDENTIALS_FILE",
        "AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE",
        "AWS_CA_BUNDLE",
        "REQUESTS_CA_BUNDLE",
        "SSL_CERT_FILE",
    ],
)
async def test_a_pipe_in_a_files_place_is_refused_and_not_waited_for(
    variable: str, pipe: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "AKIA1")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "hunter2")
    monkeypatch.setenv(variable, pipe)
    with pytest.raises(UsageError, match=f"{pipe} is a named pipe and no file") as caught:
        async with connect():
            pass
    assert variable in str(caught.value) or variable == "REQUESTS_CA_BUNDLE"


@pytest.mark.parametrize("by", ["environment", "profile", "source"])
async def test_a_pipe_in_the_place_of_a_token_is_refused(
    by: str, pipe: str, home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    role = "arn:aws:iam::111111111111:role/Web"
    if by == "environment":
        monkeypatch.setenv("AWS_WEB_IDENTITY_TOKEN_FILE", pipe)
        monkeypatch.setenv("AWS_ROLE_ARN", role)
    else:
        name = "default" if by == "profile" else "profile web"
        text = f"[{name}]\nrole_arn = {role}\nweb_identity_token_file = {pipe}\n"
        text += "" if by == "profile" else f"[default]\nrole_arn = {role}\nsource_profile = web\n"
        (home / "config").write_text(text)
    monkeypatch.setenv("AWS_REGION", "eu-west-1")
    with anyio.fail_after(10), pytest.raises((UsageError, CredentialsUnavailable)) as caught:
        async with connect():
            pass
    assert f"{pipe} is a named pipe and no file" in str(caught.value)


async def test_the_null_device_is_an_empty_file(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AWS_CONFIG_FILE", os.devnull)
    monkeypatch.setenv("AWS_SHARED_CREDENTIALS_FILE", os.devnull)
    assert "no AWS credentials were found" in await refusal()
