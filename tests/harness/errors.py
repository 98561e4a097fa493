"""What the harness raises when it can't do what it was asked."""


class HarnessError(Exception):
    """Something that the person at the keyboard can act on: the message says what, where and what next."""


class WaitedInVainError(HarnessError):
    """A condition didn't come true in time."""
