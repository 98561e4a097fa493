"""Names of objects, keys and labels, as Kubernetes wants them."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field

from presto_operator.api.field_rules import Matches

DNS_LABEL = Matches(
    r"^[a-z0-9]([-a-z0-9]*[a-z0-9])?$",
    "consist of lowercase letters, digits and dashes, and start and end with a letter or a digit",
)

DnsLabel = Annotated[str, Field(max_length=63), DNS_LABEL]
"""A name inside a pod, such as a container's."""

ObjectName = Annotated[
    str,
    Field(max_length=253),
    Matches(
        r"^[a-z0-9]([-a-z0-9.]*[a-z0-9])?$",
        "be the name of an object: lowercase letters, digits, dashes and dots, with a letter or a digit at both ends",
    ),
]

DataKey = Annotated[
    str,
    Field(max_length=253),
    Matches(r"^[-._a-zA-Z0-9]+$", "be a key of the object's data: letters, digits, dashes, underscores and dots"),
]

LabelName = Annotated[str, Field(max_length=317)]
"""Name of a label or an annotation, with its prefix."""

LabelValue = Annotated[
    str,
    Field(max_length=63),
    Matches(
        r"^[A-Za-z0-9]([-A-Za-z0-9_.]*[A-Za-z0-9])?$",
        "be a label's value: letters, digits, dashes, underscores and dots, with a letter or a digit at both ends",
    ),
]
