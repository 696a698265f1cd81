"""Refusals in the shapes that Stripe gives them, so that the SDK raises the same exceptions as against Stripe.

It knows words and status codes only; when something is refused is decided elsewhere.
"""

from typing import Any


class ApiError(Exception):
    """An answer that refuses a request."""

    def __init__(
        self,
        text: str,
        *,
        status: int = 400,
        kind: str = "invalid_request_error",
        code: str | None = None,
        param: str | None = None,
        after_start: bool = False,
        headers: dict[str, str] | None = None,
    ) -> None:
        super().__init__(text)
        self.text = text
        self.status = status
        self.kind = kind
        self.code = code
        self.param = param
        # Stripe keeps an answer for its idempotency key only once the work itself had begun.
        self.after_start = after_start
        self.headers = headers or {}

    def as_dict(self) -> dict[str, Any]:
        """Return the body of the answer."""
        error: dict[str, Any] = {"message": self.text, "type": self.kind}
        if self.code:
            error["code"] = self.code
            error["doc_url"] = f"https://stripe.com/docs/error-codes/{self.code.replace('_', '-')}"
        if self.param:
            error["param"] = self.param
        return {"error": error}


class DroppedError(Exception):
    """The connection is to be closed without an answer."""


def unknown_parameters(names: list[str]) -> ApiError:
    """Refuse parameters that Stripe does not have."""
    word = "parameter" if len(names) == 1 else "parameters"
    return ApiError(f"Received unknown {word}: {', '.join(names)}", code="parameter_unknown", param=names[0])


def missing(param: str) -> ApiError:
    """Refuse a request without something it needs."""
    return ApiError(f"Missing required param: {param}.", code="parameter_missing", param=param)


def empty(param: str) -> ApiError:
    """Refuse an empty text where nothing can be unset."""
    text = (
        f"You passed an empty string for '{param}'. We assume empty values are an attempt to unset a parameter; "
        f"however '{param}' cannot be unset. You should remove '{param}' from your request or supply a "
        "non-empty value."
    )
    return ApiError(text, code="parameter_invalid_empty", param=param)


def invalid_integer(param: str, text: str) -> ApiError:
    """Refuse what is no whole number, or not one that fits."""
    return ApiError(text, code="parameter_invalid_integer", param=param)


def no_such(kind: str, identifier: str, param: str = "id") -> ApiError:
    """Answer that there is no such object."""
    return ApiError(
        f"No such {kind}: '{identifier}'", status=404, code="resource_missing", param=param, after_start=True
    )


def wrong_state(text: str, code: str | None = None) -> ApiError:
    """Refuse to do something to an object that is past it."""
    return ApiError(text, code=code, after_start=True)


def not_played(param: str) -> ApiError:
    """Refuse what Stripe would take and the sandbox cannot act out: better than taking it silently."""
    text = f"The sandbox does not play this part of Stripe: {param}. Try it with a test key of Stripe's own."
    return ApiError(text, code="sandbox_unsupported", param=param)
