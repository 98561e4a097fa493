"""The options by which an administrator says what PrestoClusters may ask for."""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from typing import Any

import click

from presto_operator.api import TenantPolicy


def policy_options(command: Callable[..., None]) -> Callable[..., None]:
    """An option for each field of the policy; the command gets them as its keyword argument `policy`."""

    @wraps(command)
    def with_policy(*arguments: Any, **options: Any) -> None:
        chosen = {name: options.pop(name) for name in TenantPolicy.model_fields}
        command(*arguments, policy=TenantPolicy(**chosen), **options)

    decorated: Callable[..., None] = with_policy
    for name, field in reversed(TenantPolicy.model_fields.items()):
        is_list = isinstance(field.default, tuple)
        option = click.option(
            f"--{name.replace('_', '-')}",
            name,
            type=type(field.default) if not is_list else str,
            multiple=is_list,
            default=None if is_list else field.default,
            show_default=not is_list,
            metavar="PATTERN" if is_list else None,
            help=f"{field.description}{' May be repeated.' if is_list else ''}",
        )
        decorated = option(decorated)
    return decorated
