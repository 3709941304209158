"""The one kind of error a user is meant to read.

Anything raised as `MedNCAError` says what is wrong, why, and what to do, in one sentence or two;
the command line and the module print it as it is. Every other exception is a bug.
"""


class MedNCAError(Exception):
    """A problem the user can act on: bad input, a broken model, an impossible request."""
