"""The one error of this package."""


class SchemaError(ValueError):
    """A payload is not the message it says it is. `schema`, `field` and `reason` say what and where."""

    def __init__(self, schema: str, field: str, reason: str) -> None:
        self.schema, self.field, self.reason = schema, field, reason
        super().__init__(f"{schema}: {field}: {reason}")
