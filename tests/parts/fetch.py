"""`python -m tests.parts.fetch [api] [demo] [e2e]`: what these need, into the cache."""

from __future__ import annotations

import sys
from typing import get_args

import click

from tests.harness.choice import provider_for
from tests.harness.errors import HarnessError
from tests.parts.provisions import User, provide


@click.command(context_settings={"help_option_names": ["-h", "--help"]})
@click.argument("users", nargs=-1, type=click.Choice(get_args(User)))
def main(users: tuple[User, ...]) -> None:
    """Build and download what the tests and the demo need before they can start. By default for all of them."""
    try:
        provide(users or get_args(User), provider_for("auto").name)
    except HarnessError as error:
        raise click.ClickException(str(error)) from error


if __name__ == "__main__":
    sys.exit(main())
