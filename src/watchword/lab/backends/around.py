"""How a gap in moto is mended where an operation is otherwise as it should be: by a function around moto's own.

What it does: puts a function around a method of a class of moto's, once. What it does not do: decide what to mend.
"""

from collections.abc import Callable
from functools import wraps
from typing import Any

# Called in place of the method with moto's own, the object and the arguments.
Around = Callable[..., Any]


def around(owner: type, method: str, mended: Around) -> None:
    """Let `mended(moto's method, self, …)` answer for a method; a second call for the same method changes nothing."""
    own = getattr(owner, method)
    if hasattr(own, "mended"):
        return

    @wraps(own)
    def answer(self: object, *arguments: Any, **named: Any) -> Any:
        return mended(own, self, *arguments, **named)

    vars(answer)["mended"] = True
    setattr(owner, method, answer)
