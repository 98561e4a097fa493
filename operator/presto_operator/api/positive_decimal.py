"""Decimal numbers above nothing, as text: a number of YAML would lose digits on its way."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True)
class PositiveDecimal:
    """A form of such numbers."""

    what: str
    """What the number is, with its article, for who has written something else."""
    example: str
    whole_digits: int
    """Digits before the point at most."""
    fraction_digits: int
    """Digits after the point at most."""

    @property
    def pattern(self) -> str:
        """What it looks like."""
        whole, fraction = self.whole_digits, self.fraction_digits
        # More than nothing, which is why there are two forms: a whole part that isn't zero, or a fraction that isn't.
        return (
            rf"^([1-9][0-9]{{0,{whole - 1}}}(\.[0-9]{{1,{fraction}}})?"
            rf"|0\.[0-9]{{0,{fraction - 1}}}[1-9][0-9]{{0,{fraction - 1}}})$"
        )

    @property
    def max_length(self) -> int:
        """How long it is at most."""
        return self.whole_digits + 1 + self.fraction_digits

    @property
    def json_schema(self) -> dict[str, Any]:
        """Its schema in the CRD."""
        return {"type": "string", "pattern": self.pattern, "maxLength": self.max_length}

    def checked(self, text: str) -> str:
        """`text` itself.

        Raises:
            ValueError: it is no such number.
        """
        if not re.fullmatch(self.pattern, text):
            raise ValueError(
                f'"{text[: self.max_length]}" is not {self.what}; write a decimal number above 0, for example '
                f'"{self.example}", with at most {self.whole_digits} digits before the point and '
                f"{self.fraction_digits} after it"
            )
        return text
