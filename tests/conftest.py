"""What all tests have in common."""

pytest_plugins = ("tests.kit.tiers", "tests.kit.result_table")
