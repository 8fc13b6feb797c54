"""Faults on demand: what AWS does on bad days, for as many calls as somebody asked for.

What it does: answers the next calls of an operation with throttling, a conflict or a failure, slows them down, or lets
a write become visible late: it is answered at once, and the gate goes on judging by the policies from before it. What
it does not do: stale answers of reads; they show the new state, although the gate does not act on it yet.
Reference: https://docs.aws.amazon.com/IAM/latest/UserGuide/troubleshoot.html#troubleshoot_general_eventual-consistency

Errors:
    ValueError              a fault's description is not one; the message names the member
"""

import threading
from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass
from fnmatch import fnmatchcase
from typing import Any, Final, Literal, cast, get_args

from moto.core.base_backend import BackendDict, BaseBackend

from watchword.lab.gate.reading import Asked
from watchword.lab.gate.refusals import Refusal

FaultKind = Literal["throttling", "conflict", "failure", "slow", "delay"]

# Bounds of what can be asked for: calls, and seconds (a slow answer must end before clients give up).
MOST_CALLS: Final = 1_000_000
LONGEST_SLOW: Final = 60.0
LONGEST_DELAY: Final = 86_400.0


@dataclass(frozen=True, slots=True)
class Fault:
    """A fault of an operation.

    `operation` is "iam:CreateUser", or a pattern ("iam:*"), by boto3's name of the service; `count` how many calls it
    hits; `seconds` how long a slow answer takes, or a write stays unseen; `calls` after how many decisions about the
    account a delayed write is seen (with `seconds` 0: whatever the time).
    """

    operation: str
    kind: FaultKind
    count: int = 1
    seconds: float = 0.0
    calls: int = 0

    @classmethod
    def of(cls, described: Mapping[str, Any]) -> "Fault":
        """The fault of a description in JSON.

        Raises:
            ValueError: a member is missing, unknown or out of bounds.
        """
        unknown = described.keys() - cls.__slots__
        if unknown:
            raise ValueError(f"unknown members: {', '.join(sorted(unknown))}")
        operation, kind = described.get("operation"), described.get("kind")
        if not isinstance(operation, str) or ":" not in operation:
            raise ValueError("operation: something like iam:CreateUser is expected")
        if kind not in get_args(FaultKind):
            raise ValueError(f"kind: one of {', '.join(get_args(FaultKind))} is expected")
        limit = LONGEST_SLOW if kind == "slow" else LONGEST_DELAY
        return cls(
            operation,
            cast("FaultKind", kind),
            int(_bounded(described, "count", 1, MOST_CALLS)),
            _bounded(described, "seconds", 0, limit),
            int(_bounded(described, "calls", 0, MOST_CALLS)),
        )


def _bounded(described: Mapping[str, Any], member: str, default: float, most: float) -> float:
    value = described.get(member, default)
    if isinstance(value, bool) or not isinstance(value, int | float) or not 0 <= value <= most:
        raise ValueError(f"{member}: a number from 0 to {most:g} is expected")
    return float(value)


class FaultBook(BaseBackend):
    """The faults that are still to come; emptied with moto's reset."""

    def __init__(self, region_name: str, account_id: str) -> None:
        super().__init__(region_name, account_id)
        self._left: list[tuple[Fault, int]] = []
        self._lock = threading.Lock()

    def add(self, fault: Fault) -> None:
        """Let a fault hit the next `count` calls of its operation; after those that are there already."""
        with self._lock:
            self._left.append((fault, fault.count))

    def clear(self) -> None:
        """Forget all faults."""
        with self._lock:
            self._left.clear()

    def listed(self) -> list[dict[str, Any]]:
        """The faults with the calls that are left of each."""
        with self._lock:
            return [{**asdict(fault), "count": left} for fault, left in self._left]

    @property
    def is_empty(self) -> bool:
        """Whether no fault is to come."""
        return not self._left

    def take(self, service: str, operation: str) -> Fault | None:
        """The fault that hits this call, which counts it down; None where none does."""
        name = f"{service}:{operation}"
        with self._lock:
            for place, (fault, left) in enumerate(self._left):
                if fnmatchcase(name, fault.operation):
                    self._left[place : place + 1] = [(fault, left - 1)] if left > 1 else []
                    return fault
        return None


_BOOKS = BackendDict(FaultBook, "sts", use_boto3_regions=False, additional_regions=["aws"])


def faults() -> FaultBook:
    """The faults of the lab in this process."""
    return _BOOKS["000000000000"]["aws"]


def refusal_of(fault: Fault, asked: Asked) -> Refusal | None:
    """What a call is answered that a fault hits; None where the fault lets it through."""
    make = _REFUSALS.get(fault.kind)
    return make(asked) if make is not None else None


_JSON: Final = frozenset({"json", "rest-json"})


def _throttled(asked: Asked) -> Refusal:
    match asked.service:
        case "ec2":
            return Refusal(503, "RequestLimitExceeded", "Request limit exceeded.")
        case "s3":
            return Refusal(503, "SlowDown", "Please reduce your request rate.")
        case "organizations" | "sso-admin" | "lambda" | "identitystore":
            return Refusal(
                429 if asked.service == "lambda" else 400, "TooManyRequestsException", "Rate exceeded"
            )
        case _:
            json = asked.model.service_model.protocol in _JSON
            return Refusal(400, "ThrottlingException" if json else "Throttling", "Rate exceeded")


def _conflicting(asked: Asked) -> Refusal:
    """What two writers at a time get."""
    match asked.service:
        case "iam":
            message = "Request was rejected because it conflicts with the state of the resource; try again."
            return Refusal(409, "ConcurrentModification", message)
        case "organizations":
            return Refusal(
                400, "ConcurrentModificationException", "AWS Organizations can't complete your request now."
            )
        case "s3":
            return Refusal(
                409, "OperationAborted", "A conflicting conditional operation is currently in progress."
            )
        case _:
            return Refusal(
                409, "ConflictException", "The resource is in use by another operation; try again."
            )


def _failed(asked: Asked) -> Refusal:
    code = "InternalError" if asked.service in {"s3", "ec2"} else "InternalFailure"
    return Refusal(500, code, "An internal error has occurred; the lab was asked for it.")


_REFUSALS: Final[Mapping[str, Callable[[Asked], Refusal]]] = {
    "throttling": _throttled,
    "conflict": _conflicting,
    "failure": _failed,
}
