"""How the benchmarks judge: ratios, the table, and a check that can fail; no time is asserted."""

from __future__ import annotations

import asyncio
import json
import threading
from collections.abc import Iterator

import pytest

from bench.__main__ import measured, parser, verdict
from bench.installation import Bench
from bench.lines import (
    Failure,
    Line,
    PeerAway,
    Spread,
    Unit,
    alone,
    as_json,
    at_least,
    at_most,
    compare,
    table,
)
from bench.load import KEY, Load, percentile, run
from bench.rounds import interleaved, rate_of, within

TAKEN: dict[str, list[float] | Failure] = {
    "ours": [100.0, 400.0, 90.0],
    "peer": [200.0, 200.0, 100.0],
    "broken": Failure("broken: OSError: no disk"),
    "absent": Failure("there is no npm here", skipped=True),
}


def line(ratio: float, bound: float = 1.0) -> Line:
    return compare("append", {"a": [ratio], "b": [1.0]}, "a", "b", at_least(bound))


def test_a_ratio_is_taken_pair_by_pair_and_its_median_counts() -> None:
    found = compare("append", TAKEN, "ours", "peer", at_least(0.9))

    assert found.ours == Spread(100, 90, 400)
    assert found.ratio == Spread(0.9, 0.5, 2.0)  # the ratio of the medians would be 0.5
    assert found.met is True


def test_times_faster_is_the_peers_time_by_ours() -> None:
    times = {"ours": [2.0, 2.0], "peer": [6.0, 8.0]}

    found = compare("replay", times, "ours", "peer", unit=Unit.MS, times_faster=True)

    assert found.ratio == Spread(3.5, 3, 4)


@pytest.mark.parametrize(
    ("ratio", "met", "exit_code"), [(1.0, True, 0), (0.91, False, 0), (0.89, False, 1)]
)
def test_the_check_fails_below_a_target_by_more_than_noise(
    ratio: float, met: bool, exit_code: int, capsys: pytest.CaptureFixture[str]
) -> None:
    assert line(ratio).met is met
    assert verdict([line(2.0), line(ratio)]) == exit_code
    assert ("append, beside b: 0.89, to be ≥ 1" in capsys.readouterr().err) == (exit_code == 1)


@pytest.mark.parametrize(("cost", "at_fault"), [(50.0, False), (54.9, False), (55.1, True)])
def test_a_figure_without_a_peer_is_judged_by_itself(cost: float, at_fault: bool) -> None:
    found = alone("visible", {"ours": [cost]}, "ours", at_most(50), unit=Unit.MS)

    assert bool(found.fault) is at_fault


def test_what_failed_is_a_fault_and_a_peer_that_is_not_here_is_none() -> None:
    failed = compare("append", TAKEN, "ours", "broken", at_least(1))
    skipped = compare("append", TAKEN, "ours", "absent", at_least(1))

    assert (verdict([failed]), verdict([skipped])) == (1, 0)
    assert "| append | FAILED: broken: OSError: no disk | broken |" in table([failed])
    assert "| append | skipped: there is no npm here | absent |" in table([skipped])


def test_a_line_of_the_table_says_all_there_is() -> None:
    lines = [compare("append", TAKEN, "ours", "peer", at_least(1))]

    assert table(lines).splitlines()[-1] == (
        "| append | 100/s (90 to 400) | peer: 200/s (100 to 200) | 0.90 (0.50 to 2.00) | ≥ 1 | no |"
    )
    [kept] = json.loads(json.dumps(as_json(lines)))
    assert (kept["met"], kept["ratio"]["median"]) == (False, 0.9)


def test_variants_take_turns_and_one_that_fails_leaves_the_others_to_go_on() -> None:
    turns = []

    def good() -> float:
        turns.append("good")
        return float(len(turns))

    def bad() -> float:
        turns.append("bad")
        raise OSError("no disk")

    def away() -> float:
        raise PeerAway("not here")

    taken = interleaved("a test", {"bad": bad, "good": good, "away": away}, 2)

    assert turns == ["bad", "good", "good", "good"]
    assert taken["good"] == [3.0, 4.0]  # the first round warms up
    assert taken["bad"] == Failure("bad: OSError: no disk")
    assert taken["away"] == Failure("not here", skipped=True)


def test_a_subject_that_breaks_off_is_a_line_and_the_next_goes_on() -> None:
    def broken(bench: Bench) -> Iterator[Line]:
        yield line(2)
        raise OSError("no disk")

    def sound(bench: Bench) -> Iterator[Line]:
        yield line(3)

    bench: Bench = object.__new__(Bench)
    lines = list(measured(bench, {"first": broken, "second": sound}))

    assert [each.failure for each in lines] == [None, Failure("OSError: no disk"), None]
    assert verdict(lines) == 1


def test_callers_who_fail_are_not_counted_as_slow() -> None:
    def fails() -> None:
        raise OSError("no disk")

    with pytest.raises(OSError, match="no disk"):
        rate_of([lambda: None, fails], 1)
    assert rate_of([lambda: None] * 3, 5) > 0


def test_what_never_comes_back_is_given_up() -> None:
    with pytest.raises(TimeoutError, match=r"not done in 0\.01 s"), within(0.01):
        threading.Event().wait(60)


@pytest.mark.parametrize("rate", [None, 200.0])
@pytest.mark.parametrize("status", ["201 Created", "503 Service Unavailable"])
def test_the_load_generator_counts_good_answers_and_stops_at_others(
    status: str, rate: float | None
) -> None:
    keys: list[bytes] = []

    class Server(asyncio.Protocol):
        def connection_made(self, transport: asyncio.BaseTransport) -> None:
            assert isinstance(transport, asyncio.Transport)
            self._transport = transport

        def data_received(self, data: bytes) -> None:
            keys.append(data)
            self._transport.write(f"HTTP/1.1 {status}\r\nContent-Length: 2\r\n\r\n{{".encode())
            asyncio.get_running_loop().call_later(0.001, self._transport.write, b"}")

        def connection_lost(self, exc: Exception | None) -> None:
            closed.put_nowait(exc)

    async def loaded() -> dict[str, float | str]:
        server = await asyncio.get_running_loop().create_server(Server, "127.0.0.1", 0)
        async with server:
            port = server.sockets[0].getsockname()[1]
            done = await run(Load(port, [b"key: " + KEY + b"\n"] * 2, 2, 0.1, rate))
            for _ in range(2):
                await closed.get()
            return done

    closed: asyncio.Queue[Exception | None] = asyncio.Queue()
    found = asyncio.run(loaded())

    if status.startswith("2"):
        assert float(found["rate"]) > 0
        assert len(set(keys)) == len(keys)
    else:
        assert "503" in str(found["error"])


def test_a_percentile_is_a_time_that_was_taken() -> None:
    times = [float(number) for number in range(1, 101)]

    assert (percentile(times, 0.5), percentile(times, 0.99)) == (50.0, 99.0)


def test_subjects_are_asked_for_by_name() -> None:
    assert parser().parse_args(["append", "verify", "--quick"]).rows == ["append", "verify"]
    assert parser().parse_args([]).rows == []
    with pytest.raises(SystemExit):
        parser().parse_args(["apend"])
