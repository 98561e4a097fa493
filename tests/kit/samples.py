"""Samples of Prometheus' text format."""

from __future__ import annotations


def sample_sum(text: str, name: str, **labels: str) -> float:
    """The sum of a metric's samples that carry these labels; 0 if there is none."""
    total = 0.0
    for line in text.splitlines():
        sample, _, value = line.rpartition(" ")
        metric, _, label_text = sample.partition("{")
        if metric == name and all(f'{key}="{wanted}"' in label_text for key, wanted in labels.items()):
            total += float(value)
    return total
