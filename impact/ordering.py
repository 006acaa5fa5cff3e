"""In which order to sweep CIs so that what is needed comes before what needs it."""

import numba
import numpy as np

from impact.rows import Ints, Rows


def sweep_order(hard: Rows, grouped: Rows) -> Ints:
    """CIs in the order in which a depth-first walk along what they need leaves them; rows lead to what is needed.

    Where nothing depends on itself everything needed comes first. On cycles only the few needs that close one point
    forward, and a walk keeps what is needed near what needs it, so that a sweep finds it in the cache.
    """
    return np.asarray(_left_by_a_walk(hard.start, hard.end, grouped.start, grouped.end), np.int32)


@numba.njit(cache=True)
def _left_by_a_walk(hard_start, hard_end, grouped_start, grouped_end):  # type: ignore[no-untyped-def]
    """Iterative, because a chain of dependencies can be longer than any call stack."""
    n = len(hard_start) - 1
    order = np.empty(n, np.int32)
    seen = np.zeros(n, np.bool_)
    walk = np.empty(n, np.int32)
    hard_at = np.empty(n, np.int32)
    grouped_at = np.empty(n, np.int32)
    left = 0
    for root in range(n):
        if seen[root]:
            continue
        seen[root] = True
        walk[0] = root
        hard_at[0] = hard_start[root]
        grouped_at[0] = grouped_start[root]
        depth = 0
        while depth >= 0:
            ci = walk[depth]
            to = -1
            at = hard_at[depth]
            last = hard_start[ci + 1]
            while at < last:
                if not seen[hard_end[at]]:
                    to = hard_end[at]
                    at += 1
                    break
                at += 1
            hard_at[depth] = at
            if to < 0:
                at = grouped_at[depth]
                last = grouped_start[ci + 1]
                while at < last:
                    if not seen[grouped_end[at]]:
                        to = grouped_end[at]
                        at += 1
                        break
                    at += 1
                grouped_at[depth] = at
            if to >= 0:
                seen[to] = True
                depth += 1
                walk[depth] = to
                hard_at[depth] = hard_start[to]
                grouped_at[depth] = grouped_start[to]
            else:
                order[left] = ci
                left += 1
                depth -= 1
    return order
