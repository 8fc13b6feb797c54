"""Step 5 of docs/control-plane.md: each route names its permission, or stands among the public ones.

::

    @router.get("/people")
    def people(caller: Annotated[Caller, Depends(Needs(Permission.PEOPLE_READ))]) -> Response: ...

``require_declared`` walks over an application's routes and refuses one that names none: such an application does not start.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from typing import Any, Final

from fastapi import Request
from fastapi.dependencies.models import Dependant
from fastapi.routing import RouteContext, iter_route_contexts
from starlette.routing import BaseRoute, Mount

from watchword.errors import Forbidden
from watchword.model.people import PrincipalId
from watchword.model.roles import Permission
from watchword.pdp.console import Answer, Decision, decide
from watchword.web.caller import Caller


class NotAllowed(Forbidden):
    """The caller may not do this, or not yet; ``decision`` says which."""

    def __init__(self, decision: Decision, permission: Permission) -> None:
        super().__init__(decision.because)
        self.decision = decision
        self.permission = permission

    @property
    def must_sign_in(self) -> bool:
        """Whether nobody has signed in."""
        return self.decision.answer is Answer.SIGN_IN

    @property
    def must_prove_again(self) -> bool:
        """Whether a fresh proof of identity would do."""
        return self.decision.answer is Answer.PROVE_AGAIN


CallerOf = Callable[[Request], Caller]
"""Finds out who asks; put into ``app.state.caller_of`` when the application is built."""


@dataclass(frozen=True, slots=True)
class Needs:
    """A dependency: the caller, if they hold the permission.

    Raises (when called):
        NotAllowed: they do not.
    """

    permission: Permission

    def __call__(self, request: Request) -> Caller:
        """The caller of this request."""
        find: CallerOf = request.app.state.caller_of
        caller = find(request)
        require(caller, self.permission)
        return caller


def require(caller: Caller, permission: Permission, *, of: PrincipalId | None = None) -> None:
    """See that a caller may do something with what belongs to ``of``.

    Raises:
        NotAllowed: they may not, or not yet.
    """
    decision = decide(caller.facts, permission, caller.now, of=of)
    if not decision.is_allowed:
        raise NotAllowed(decision, permission)


PUBLIC: Final = "public"
"""The attribute by which an endpoint says that anybody may call it, and why."""


def public(why: str) -> Callable[[Any], Any]:
    """Say that anybody may call an endpoint; ``why`` stands in the table of routes."""

    def marked(endpoint: Any) -> Any:  # noqa: ANN401
        setattr(endpoint, PUBLIC, why)
        return endpoint

    return marked


@dataclass(frozen=True, slots=True)
class Declared:
    """A route, its methods, and what it needs: permissions, or the reason why it is public."""

    path: str
    methods: frozenset[str]
    permissions: frozenset[Permission]
    public: str


def declared(routes: Iterable[BaseRoute], prefix: str = "") -> Iterator[Declared]:
    """What each route of an application needs, mounted ones included."""
    for route in iter_route_contexts(tuple(routes)):
        inner = route.original_route
        if isinstance(inner, Mount) and inner.routes:
            yield from declared(inner.routes, prefix + inner.path)
        else:
            yield _declared(route, prefix)


def _declared(route: RouteContext, prefix: str) -> Declared:
    endpoint = getattr(route.original_route, "endpoint", getattr(route.original_route, "app", None))
    dependant = getattr(route, "dependant", None)
    permissions = frozenset(_needed(dependant)) if dependant is not None else frozenset()
    methods = frozenset(route.methods or {"*"})
    return Declared(prefix + (route.path or ""), methods, permissions, getattr(endpoint, PUBLIC, ""))


def require_declared(routes: Iterable[BaseRoute]) -> None:
    """See that each route names its permission or says why it is public, and never both.

    Raises:
        ValueError: one does not; it is named.
    """
    for one in declared(routes):
        if bool(one.permissions) == bool(one.public):
            raise ValueError(
                f"{sorted(one.methods)} {one.path} must name one permission, or say why it is public"
            )


def _needed(dependant: Dependant) -> Iterator[Permission]:
    if isinstance(dependant.call, Needs):
        yield dependant.call.permission
    for one in dependant.dependencies:
        yield from _needed(one)
