"""How busy the processors are."""

from tests.parts.processor import ProcessorTimes

#              user nice system idle iowait irq softirq steal guest guest_nice
BEFORE = "cpu  100  50   30     800  20     5   5       10    7     3\ncpu0 1 2 3 4 5 6 7 8 9 10\n"
AFTER = "cpu  160  50   40     900  40     5   5       20    9     3\ncpu0 1 2 3 4 5 6 7 8 9 10\n"


def test_idle_and_waiting_for_the_disk_are_not_busy_and_guests_count_once() -> None:
    times = ProcessorTimes.parse(BEFORE)
    assert times == ProcessorTimes(busy=100 + 50 + 30 + 5 + 5 + 10, total=1020)


def test_the_share_is_that_of_the_time_in_between() -> None:
    before, after = ProcessorTimes.parse(BEFORE), ProcessorTimes.parse(AFTER)
    assert after.share_since(before) == 80 / 200


def test_no_time_is_no_share() -> None:
    times = ProcessorTimes.parse(BEFORE)
    assert times.share_since(times) == 0.0
