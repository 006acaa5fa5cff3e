"""Which records a reading left out on purpose, although they lie in a scope that it read to the end."""

from collections.abc import Sequence

from cmdb.scope import lies_in, understood


def is_left_out(key: str, left_out: Sequence[str]) -> bool:
    """Whether the record of this key begins with an address, its machine's name aside, that was not to be asked.

    `10.0.0.9`, `10.0.0.9/tcp/22`, `this-machine/127.0.0.1`; of other records nothing can be told.
    """
    if not left_out:
        return False
    record = key.split("|", 2)[2]
    return any(understood(part).ranges and lies_in(part, out) for part in record.split("/", 2)[:2] for out in left_out)
