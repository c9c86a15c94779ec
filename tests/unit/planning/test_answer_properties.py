"""Whatever a gateway response is set to, a stage of the simulator that has it answers as planned."""

from __future__ import annotations

from hypothesis import given, settings
from hypothesis import strategies as st

from batchgw.model import Settings
from batchgw.planning.deployment.answer import differences, planned_answer
from batchgw.simulator.data_plane.rendering import Values, header, render
from tests.unit.planning.test_answer import Came

VARIABLES = (
    "$context.error.messageString",
    "$context.error.message",
    "$context.error.responseType",
    "$context.requestId",
    "$context.path",
    "$stageVariables.none",
    "$method.request.header.Host",
)
VALUES = Values(
    context={
        "error.message": "Missing Authentication Token",
        "error.responseType": "MISSING_AUTHENTICATION_TOKEN",
        "requestId": "7f1c",
        "path": "/prod/batchgw-probe",
    },
    headers={"host": "a1b2c3d4e5.execute-api.eu-west-1.amazonaws.com"},
)
TEXT = st.text(alphabet=' abz"{}:,#$5.-/', max_size=6)
TEMPLATES = st.lists(TEXT | st.sampled_from(VARIABLES), max_size=6).map("".join)
HEADERS = st.dictionaries(
    st.sampled_from(("X-Brand", "x-other", "Vary", "Content-Type")),
    st.text(alphabet="ab ,;=*", max_size=6).map(lambda value: f"'{value}'")
    | st.just("method.request.header.Host"),
)


@settings(max_examples=60)
@given(template=TEMPLATES, headers=HEADERS, status=st.sampled_from(("200", "403", "418")))
def test_what_the_simulator_answers_is_what_was_planned(
    template: str, headers: dict[str, str], status: str
) -> None:
    wanted = Settings(
        status_code=status,
        parameters={f"gatewayresponse.header.{name}": value for name, value in headers.items()},
        templates={"application/json": template},
    )
    sent = {name.lower(): header(value, VALUES) for name, value in headers.items()}
    came = Came(
        status=int(status),
        headers={name: value for name, value in sent.items() if value is not None},
        body=render(template, VALUES),
    )
    assert differences(planned_answer(wanted), came) == ()
