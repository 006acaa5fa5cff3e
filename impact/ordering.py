"""In which order to sweep CIs so that what is needed comes before what needs it."""

import numba
import numpy as np
from numpy.typing import NDArray


def sweep_order(start: NDArray[np.int32], end: NDArray[np.int32]) -> tuple[NDArray[np.int32], bool]:
    """(position of each CI, whether anything depends on itself) from rows dependent → providers.

    Tarjan's strongly connected components come out providers first; CIs of one component stand side by side.
    """
    place, components = _tarjan(start, end)
    return place, bool(components < len(place))


@numba.njit(cache=True)
def _tarjan(start, end):  # type: ignore[no-untyped-def]
    """Iterative, because a chain of dependencies can be longer than any call stack."""
    n = len(start) - 1
    place = np.full(n, -1, np.int32)
    index = np.full(n, -1, np.int32)
    low = np.zeros(n, np.int32)
    on_stack = np.zeros(n, np.bool_)
    stack = np.empty(n, np.int32)
    calls = np.empty(n, np.int32)
    edge = np.empty(n, np.int32)
    held = placed = counter = components = 0
    for root in range(n):
        if index[root] != -1:
            continue
        depth = 0
        calls[0] = root
        edge[root] = start[root]
        index[root] = low[root] = counter
        counter += 1
        stack[held] = root
        held += 1
        on_stack[root] = True
        while depth >= 0:
            at = calls[depth]
            if edge[at] < start[at + 1]:
                to = end[edge[at]]
                edge[at] += 1
                if index[to] == -1:
                    index[to] = low[to] = counter
                    counter += 1
                    edge[to] = start[to]
                    stack[held] = to
                    held += 1
                    on_stack[to] = True
                    depth += 1
                    calls[depth] = to
                elif on_stack[to]:
                    low[at] = min(low[at], index[to])
            else:
                if low[at] == index[at]:
                    components += 1
                    while True:
                        held -= 1
                        member = stack[held]
                        on_stack[member] = False
                        place[member] = placed
                        placed += 1
                        if member == at:
                            break
                depth -= 1
                if depth >= 0:
                    low[calls[depth]] = min(low[calls[depth]], low[at])
    return place, components
