"""`python -m tests.harness`."""

from tests.harness.cli import main

main()
