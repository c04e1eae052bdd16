"""Shapes that every resource uses: a page of items, a problem."""

from typing import Annotated, Any, Generic, TypeVar

from pydantic import BaseModel, ConfigDict, Field, StringConstraints

T = TypeVar("T")

Cursor = Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9_-]{1,200}$")]


class Answer(BaseModel):
    """Part of an answer; unset optional fields are null, never absent."""

    model_config = ConfigDict(extra="ignore", json_schema_serialization_defaults_required=True)


class Question(BaseModel):
    """Part of a request; a field that does not exist is an error."""

    model_config = ConfigDict(extra="forbid", allow_inf_nan=False)


class Page(Answer, Generic[T]):
    """Newest first; `next` is the value of `after` for the following page, null on the last one."""

    items: list[T]
    next: str | None = Field(default=None, examples=["WyIyMDI2LTAxLTAyVDAzOjA0OjA1KzAwOjAwIiwiMDE5Yi4uLiJd"])


class FieldError(Answer):
    """One field of the request that is wrong."""

    where: str = Field(examples=["query.limit"])
    what: str = Field(examples=["Input should be less than or equal to 500"])


class ProblemDetails(Answer):
    """RFC 9457; the body of every error, as application/problem+json."""

    type: str = Field(default="about:blank", examples=["about:blank"])
    title: str = Field(examples=["Service Unavailable"])
    status: int = Field(examples=[503])
    detail: str = Field(examples=["the database does not answer"])
    errors: list[FieldError] = Field(default_factory=list, description="the fields at fault, when the request is")
    by: str | None = Field(default=None, description="who was first, when another person's action won")
    at: str | None = Field(default=None, description="when that was")


JsonObject = dict[str, Any]
