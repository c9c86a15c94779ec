"""Ctrl-C in two steps, in virtual time and with real signals."""

from __future__ import annotations

import os
import signal
import threading
import time

import anyio
import anyio.lowlevel
import pytest

from batchgw.cli.process_signals import SIGNALS
from batchgw.cli.signals import STOPPING, STOPPING_NOW, Interrupts
from batchgw.errors import ExplainedStop, Stopped


@pytest.fixture
def told() -> list[str]:
    return []


def test_the_first_asks_and_the_second_cancels(told: list[str]) -> None:
    interrupts = Interrupts(told.append)
    reached: list[str] = []

    async def body() -> None:
        os.kill(os.getpid(), signal.SIGINT)
        await interrupts.stop._event.wait()
        reached.append("asked")
        os.kill(os.getpid(), signal.SIGINT)
        try:
            await anyio.sleep_forever()
        finally:
            reached.append("cancelled")

    async def main() -> None:
        with pytest.raises(Stopped):
            await interrupts.run(body)

    anyio.run(main)
    assert reached == ["asked", "cancelled"]
    assert told == [STOPPING, STOPPING_NOW]
    assert interrupts.cancelled


def test_a_signal_that_reaches_another_thread_wakes_a_loop_that_waits_for_nothing(told: list[str]) -> None:
    interrupts = Interrupts(told.append)

    heard: list[bool] = []

    def send() -> None:
        time.sleep(0.05)  # the loop waits by then
        signal.pthread_kill(threading.get_ident(), signal.SIGINT)
        over = time.monotonic() + 3
        while not interrupts.stop.requested and time.monotonic() < over:
            time.sleep(0.01)
        heard.append(interrupts.stop.requested)

    async def body() -> None:
        sender = threading.Thread(target=send)
        sender.start()
        with anyio.move_on_after(5):
            await interrupts.stop._event.wait()
        sender.join()

    async def main() -> None:
        await interrupts.run(body)

    anyio.run(main)
    assert (heard, told) == ([True], [STOPPING])


def test_a_signal_just_before_a_question_ends_it(told: list[str]) -> None:
    """Its last words are on the screen by then, and nobody would see that it waits all the same."""
    interrupts = Interrupts(told.append)

    async def body() -> None:
        os.kill(os.getpid(), signal.SIGINT)
        await interrupts.stop._event.wait()
        with anyio.fail_after(5), interrupts.question():
            await anyio.sleep_forever()

    async def main() -> None:
        await interrupts.run(body)

    with pytest.raises(ExplainedStop, match="nothing was written"):
        anyio.run(main)


@pytest.mark.parametrize("number", SIGNALS)
def test_every_signal_means_the_same(number: signal.Signals, told: list[str]) -> None:
    interrupts = Interrupts(told.append)

    async def body() -> str:
        os.kill(os.getpid(), number)
        await interrupts.stop._event.wait()
        return "finished"

    async def main() -> str:
        return await interrupts.run(body)

    assert anyio.run(main) == "finished"
    assert told == [STOPPING]


def test_two_different_signals_count_as_two(told: list[str]) -> None:
    interrupts = Interrupts(told.append)

    async def body() -> None:
        os.kill(os.getpid(), signal.SIGTERM)
        await interrupts.stop._event.wait()
        os.kill(os.getpid(), signal.SIGHUP)
        await anyio.sleep_forever()

    async def main() -> None:
        await interrupts.run(body)

    with pytest.raises(Stopped):
        anyio.run(main)
    assert told == [STOPPING, STOPPING_NOW]


def test_the_second_hangup_of_a_closing_terminal_does_not_count(told: list[str]) -> None:
    """The kernel tells everybody, and the shell tells its jobs once more."""
    interrupts = Interrupts(told.append)

    async def body() -> str:
        os.kill(os.getpid(), signal.SIGHUP)
        await interrupts.stop._event.wait()
        os.kill(os.getpid(), signal.SIGHUP)
        await anyio.sleep(0.01)
        return "finished"

    async def main() -> str:
        return await interrupts.run(body)

    assert anyio.run(main) == "finished"
    assert told == [STOPPING]


def test_what_was_ignored_from_the_start_stays_ignored(told: list[str]) -> None:
    """As under nohup, or for a job that a script puts in the background."""

    async def body() -> None:
        os.kill(os.getpid(), signal.SIGHUP)
        await anyio.sleep(0.01)

    async def main() -> None:
        await Interrupts(told.append).run(body)

    before = signal.signal(signal.SIGHUP, signal.SIG_IGN)
    try:
        anyio.run(main)
    finally:
        signal.signal(signal.SIGHUP, before)
    assert told == []


def test_without_a_signal_the_body_is_undisturbed(told: list[str]) -> None:
    async def body() -> int:
        return 7

    async def main() -> int:
        return await Interrupts(told.append).run(body)

    assert (anyio.run(main), told) == (7, [])


def test_the_first_signal_ends_an_open_question(told: list[str]) -> None:
    interrupts = Interrupts(told.append)

    async def body() -> None:
        with interrupts.question():
            os.kill(os.getpid(), signal.SIGINT)
            await anyio.sleep_forever()

    async def main() -> None:
        await interrupts.run(body)

    with pytest.raises(Stopped):
        anyio.run(main)
    assert told == []


def test_an_answered_question_is_closed(told: list[str]) -> None:
    interrupts = Interrupts(told.append)

    async def main() -> None:
        with interrupts.question():
            pass
        interrupts.receive()
        await anyio.lowlevel.checkpoint()

    anyio.run(main)
    assert told == [STOPPING]
