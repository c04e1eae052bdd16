"""The one error of this service."""


class ModelRefused(Exception):
    """A model file that will not be used; the message is one sentence that says why."""
