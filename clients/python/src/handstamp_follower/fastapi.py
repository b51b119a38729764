"""For FastAPI: `Claims = Annotated[dict, Depends(signed_in(follower))]`."""

from collections.abc import Awaitable, Callable
from typing import Annotated, Any

from fastapi import Depends, HTTPException, Request
from fastapi.security import HTTPBearer

from .errors import NotAccepted, bearer
from .follower import Follower

_scheme = HTTPBearer(auto_error=False, bearerFormat="JWT")


def signed_in(follower: Follower) -> Callable[..., Awaitable[dict[str, Any]]]:
    """Returns a dependency that gives the claims of the request's token. Without a good one the answer is 401 or 503."""

    # The scheme stands in the OpenAPI document. The header is read here, for Handstamp's own errors.
    async def claims(request: Request, _: Annotated[Any, Depends(_scheme)]) -> dict[str, Any]:
        try:
            return await follower.verify_async(bearer(request.headers.get("Authorization")))
        except NotAccepted as error:
            raise HTTPException(error.status, error.body, error.headers) from error

    return claims
