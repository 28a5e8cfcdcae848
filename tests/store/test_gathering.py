"""Those who wait together are written together, and each hears of its own."""

from __future__ import annotations

import asyncio
import signal
import threading
from collections.abc import Callable, Sequence
from types import FrameType

import pytest

from send_records.store.gathering import Gathering, NotWritten, TaskGathering
from tests.store.proxy import until
from tests.store.writing import at_once


class Refused(Exception):
    """What became of an odd item."""


class Writer:
    """Writes when it is let, and remembers in which batches and in which threads."""

    def __init__(self) -> None:
        self.batches: list[list[int]] = []
        self.threads: list[int] = []
        self.may = threading.Event()
        self.may.set()

    def __call__(self, batch: Sequence[int]) -> Sequence[int | Exception]:
        self.batches.append(list(batch))
        self.threads.append(threading.get_ident())
        self.may.wait()
        return [Refused(item) if item % 2 else item * 10 for item in batch]


def waiting(gathering: Gathering[int, int]) -> int:
    return len(gathering._waiting)


def test_who_is_alone_writes_at_once_and_in_its_own_thread() -> None:
    writer = Writer()

    assert Gathering(writer).submit(4) == 40
    assert (writer.batches, writer.threads) == ([[4]], [threading.get_ident()])


def submit_while_one_is_written(
    gathering: Gathering[int, int], writer: Writer, items: Sequence[int]
) -> dict[int, int | Exception]:
    """Submit an item and, while it is being written, the others; return what each is told."""
    told: dict[int, int | Exception] = {}

    def submit(item: int) -> Callable[[], None]:
        def work() -> None:
            try:
                told[item] = gathering.submit(item)
            except Exception as error:
                told[item] = error

        return work

    def others() -> None:
        until(lambda: len(writer.batches) == 1)
        threads = [threading.Thread(target=submit(item)) for item in items[1:]]
        for number, thread in enumerate(threads, start=1):
            thread.start()
            until(lambda number=number: waiting(gathering) == number)  # type: ignore[misc]
        writer.may.set()
        for thread in threads:
            thread.join()

    writer.may.clear()
    at_once([submit(items[0]), others])
    return told


def test_those_who_come_meanwhile_are_written_together_in_their_order() -> None:
    writer = Writer()

    told = submit_while_one_is_written(Gathering(writer), writer, [0, 2, 4, 6, 8])

    assert writer.batches == [[0], [2, 4, 6, 8]]
    assert told == {0: 0, 2: 20, 4: 40, 6: 60, 8: 80}


def test_each_hears_of_its_own() -> None:
    writer = Writer()

    told = submit_while_one_is_written(Gathering(writer), writer, [0, 1, 2, 3])

    assert (told[0], told[2]) == (0, 20)
    assert [str(told[1]), str(told[3])] == ["1", "3"]
    assert isinstance(told[1], Refused)


def test_a_batch_has_its_limit() -> None:
    writer = Writer()

    told = submit_while_one_is_written(Gathering(writer, most=2), writer, [0, 2, 4, 6])

    assert writer.batches == [[0], [2, 4], [6]]
    assert told[6] == 60


def test_when_the_writer_fails_all_are_told_and_the_next_go_on() -> None:
    class Failing(Writer):
        def __call__(self, batch: Sequence[int]) -> Sequence[int | Exception]:
            outcomes = super().__call__(batch)
            if 4 in batch:
                raise ZeroDivisionError
            return outcomes

    writer = Failing()
    gathering = Gathering(writer)

    told = submit_while_one_is_written(gathering, writer, [0, 4, 6, 8])

    assert [type(told[item]) for item in (4, 6, 8)] == [ZeroDivisionError, NotWritten, NotWritten]
    assert gathering.submit(2) == 20


def test_many_threads_and_none_is_forgotten_or_written_twice() -> None:
    writer = Writer()
    gathering = Gathering(writer)
    told: list[int] = []

    def work(start: int) -> Callable[[], None]:
        return lambda: told.extend(gathering.submit(item) for item in range(start, 1600, 16))

    at_once([work(start) for start in range(0, 16, 2)])

    written = [item for batch in writer.batches for item in batch]
    assert sorted(written) == list(range(0, 1600, 2))
    assert sorted(told) == [item * 10 for item in range(0, 1600, 2)]
    assert not gathering._busy


def test_one_that_is_interrupted_while_it_waits_holds_up_nobody() -> None:
    """Its turn to write may come when it is no longer there."""
    writer, told = Writer(), list[int]()
    gathering = Gathering(writer)

    class Interrupted(Exception):
        pass

    def interrupt(_: int, __: FrameType | None) -> None:
        raise Interrupted

    before = signal.signal(signal.SIGUSR1, interrupt)
    writer.may.clear()
    first = threading.Thread(target=lambda: told.append(gathering.submit(2)))
    first.start()
    until(lambda: writer.batches == [[2]])

    def after_me() -> None:
        until(lambda: waiting(gathering) == 1)
        last = threading.Thread(target=lambda: told.append(gathering.submit(6)))
        last.start()
        until(lambda: waiting(gathering) == 2)
        signal.pthread_kill(threading.main_thread().ident or 0, signal.SIGUSR1)
        last.join(timeout=10)

    behind = threading.Thread(target=after_me)
    behind.start()
    try:
        with pytest.raises(Interrupted):
            gathering.submit(4)
    finally:
        signal.signal(signal.SIGUSR1, before)
        writer.may.set()
        first.join(timeout=10)
        behind.join(timeout=20)

    assert (writer.batches, told) == ([[2], [6]], [20, 60])
    assert gathering.submit(8) == 80


def test_one_that_is_interrupted_while_it_is_written_holds_up_nobody() -> None:
    """Whoever is behind it is called by it, and it is no longer there."""

    class Interrupted(Exception):
        pass

    class Stepping(Writer):
        step = threading.Semaphore(0)

        def __call__(self, batch: Sequence[int]) -> Sequence[int | Exception]:
            self.batches.append(list(batch))
            self.step.acquire()
            return [item * 10 for item in batch]

    writer, told, threads = Stepping(), list[int](), list[threading.Thread]()
    gathering = Gathering(writer)

    def submit(item: int) -> None:
        threads.append(threading.Thread(target=lambda: told.append(gathering.submit(item))))
        threads[-1].start()

    def interrupt(_: int, __: FrameType | None) -> None:
        raise Interrupted

    def interrupt_it() -> None:
        """When it is in a batch, with two before it and one behind."""
        until(lambda: waiting(gathering) == 3)
        submit(10)
        until(lambda: waiting(gathering) == 4)
        writer.step.release()
        until(lambda: writer.batches == [[2], [4, 6, 8, 10]])
        signal.pthread_kill(threading.main_thread().ident or 0, signal.SIGUSR1)

    before = signal.signal(signal.SIGUSR1, interrupt)
    submit(2)
    until(lambda: writer.batches == [[2]])
    for number, item in enumerate((4, 6), start=1):
        submit(item)
        until(lambda number=number: waiting(gathering) == number)  # type: ignore[misc]
    interrupting = threading.Thread(target=interrupt_it)
    interrupting.start()
    try:
        with pytest.raises(Interrupted):
            gathering.submit(8)
    finally:
        signal.signal(signal.SIGUSR1, before)
        interrupting.join(timeout=20)
        writer.step.release()
        for thread in threads:
            thread.join(timeout=10)

    assert sorted(told) == [20, 40, 60, 100]


def test_a_turn_that_is_lost_would_be_found() -> None:
    """A planted defect: whoever has written calls nobody."""

    class Deaf(Gathering[int, int]):
        def _call_next(self) -> None:
            self._busy = False

    writer = Writer()
    gathering = Deaf(writer)
    writer.may.clear()
    threads = [
        threading.Thread(target=lambda item=item: gathering.submit(item), daemon=True)
        for item in (2, 4)
    ]
    for number, thread in enumerate(threads):
        thread.start()
        until(lambda number=number: waiting(gathering) == number)  # type: ignore[misc]
    writer.may.set()
    threads[0].join(timeout=5)
    threads[1].join(timeout=0.2)

    assert threads[1].is_alive()


# Tasks of an event loop


def test_tasks_that_come_meanwhile_are_written_together() -> None:
    writer = Writer()
    gathering = TaskGathering(writer, most=3)

    async def submitted() -> list[int | BaseException]:
        return await asyncio.gather(
            *(gathering.submit(item) for item in (0, 2, 3, 4, 6)), return_exceptions=True
        )

    told = asyncio.run(submitted())

    assert writer.batches == [[0, 2, 3], [4, 6]]
    assert [str(each) for each in told] == ["0", "20", "3", "40", "60"]
    assert isinstance(told[2], Refused)
    assert threading.get_ident() not in writer.threads


def test_a_task_that_is_gone_holds_up_nobody_and_another_loop_begins_anew() -> None:
    writer = Writer()
    gathering = TaskGathering(writer)

    async def one_gone() -> int:
        writer.may.clear()
        gone = asyncio.create_task(gathering.submit(2))
        await asyncio.sleep(0.05)
        kept = asyncio.create_task(gathering.submit(4))
        gone.cancel()
        writer.may.set()
        return await kept

    assert asyncio.run(one_gone()) == 40
    assert asyncio.run(gathering.submit(6)) == 60
    assert writer.batches == [[2], [4], [6]]


def test_when_the_writer_fails_the_tasks_are_told() -> None:
    def failing(batch: Sequence[int]) -> Sequence[int | Exception]:
        raise ZeroDivisionError

    with pytest.raises(NotWritten):
        asyncio.run(TaskGathering(failing).submit(2))
