"""The Merkle tree of RFC 9162, section 2.1, over the entries of one batch. Hashes are 32 bytes; knows no model."""

import hashlib
from collections.abc import Sequence


def leaf_hash(data: bytes) -> bytes:
    """Hash the content of an entry."""
    return hashlib.sha256(b"\x00" + data).digest()


def node_hash(left: bytes, right: bytes) -> bytes:
    """Hash two subtrees."""
    return hashlib.sha256(b"\x01" + left + right).digest()


def root(leaves: Sequence[bytes]) -> bytes:
    """Return the hash of the tree (2.1.1). Raises ValueError without leaves."""
    return levels(leaves)[-1][0]


def path(tree: Sequence[Sequence[bytes]], index: int) -> list[bytes]:
    """Return the inclusion proof of a leaf, from the bottom up (2.1.3.1), of a tree that `levels` made."""
    found = []
    for level in tree[:-1]:
        if (sibling := index ^ 1) < len(level):
            found.append(level[sibling])
        index >>= 1
    return found


def levels(leaves: Sequence[bytes]) -> list[list[bytes]]:
    """Return the levels of the tree; what has no sibling moves up, which makes the tree of the RFC.

    Raises ValueError without leaves.
    """
    if not leaves:
        raise ValueError("A tree has at least one leaf.")
    tree = [list(leaves)]
    while len(level := tree[-1]) > 1:
        pairs = [node_hash(*level[at : at + 2]) for at in range(0, len(level) - 1, 2)]
        tree.append(pairs + level[len(level) & ~1 :])
    return tree
