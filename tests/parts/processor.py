"""How busy the machine's processors are, from /proc/stat."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

STAT = Path("/proc/stat")


@dataclass(frozen=True)
class ProcessorTimes:
    """Clock ticks since the machine's boot, of all processors together."""

    busy: int
    total: int

    @classmethod
    def now(cls) -> ProcessorTimes:
        """Read them. A machine without /proc/stat has none."""
        return cls.parse(STAT.read_text()) if STAT.exists() else cls(0, 0)

    @classmethod
    def parse(cls, stat: str) -> ProcessorTimes:
        """Read the text of /proc/stat: user, nice, system, idle, iowait, irq, softirq, steal, and two that user has."""
        ticks = [int(word) for word in stat.splitlines()[0].split()[1:9]]
        return cls(busy=sum(ticks) - sum(ticks[3:5]), total=sum(ticks))

    def share_since(self, before: ProcessorTimes) -> float:
        """The share of all processors that was busy since then, from 0 to 1."""
        total = self.total - before.total
        return (self.busy - before.busy) / total if total > 0 else 0.0
