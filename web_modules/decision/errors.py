"""What can go wrong with the flags.

DecisionError
└── FlagFileUnreadable   the flag file is missing, is not flagd JSON, or names an unknown stage
"""


class DecisionError(Exception):
    """The rollout cannot be decided; the message says why and what to do."""


class FlagFileUnreadable(DecisionError):
    """The flag file is missing, is not flagd JSON, or names an unknown stage."""
