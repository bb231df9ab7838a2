"""How a verb of the operator's says that it does not apply."""


class OperatorError(Exception):
    """A verb does not apply or could not be done; the message says why, for a person."""
