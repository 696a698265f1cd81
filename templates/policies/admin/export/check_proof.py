"""Check offline that a record is sealed in a site's ledger: python3 check_proof.py proof.json [record.json]."""
# Exit code 0: everything fits together. 1: something does not. 2: a file cannot be read, or holds no proof.

import base64
import json
import sys
from hashlib import sha256
from pathlib import Path
from shlex import quote


def encode(content):
    return json.dumps(content, ensure_ascii=False, sort_keys=True, separators=(",", ":")).encode()


def root_above(leaf, index, last, path):  # RFC 9162, section 2.1.3.2
    found, nodes = leaf, [bytes.fromhex(node) for node in path]
    while last:
        if index % 2 or index < last:
            found = sha256(b"\1" + (nodes.pop(0) + found if index % 2 else found + nodes.pop(0))).digest()
        index, last = index // 2, last // 2
    return None if nodes else found.hex()


try:
    file, *records = [Path(name) for name in sys.argv[1:]]
    proof = json.loads(file.read_bytes(), parse_float=int, parse_constant=int)  # a proof has no fractions
    proof = proof.get("proof", proof)  # a receipt holds one
    if "error" in proof:
        raise ValueError(proof["error"])
    entry, position, heads, timestamp = (proof[name] for name in ("entry", "position", "heads", "timestamp"))
    start, end, newest = heads[0]["first"], heads[0]["last"], heads[-1]
    leaf = sha256(b"\0" + encode(entry)).digest()
    root = start <= position <= end and root_above(leaf, position - start, end - start, proof["path"])
    numbers = [proof["format"], position, *(head[n] for head in heads for n in ("number", "first", "last"))]
    hashes = [sha256(encode({n: head[n] for n in head if n != "sha256"})).hexdigest() for head in heads]
    expected = [(hash_, head["number"] + 1, head["last"] + 1) for hash_, head in zip(hashes, heads)][:-1]
    linked = expected == [(head["previous"], head["number"], head["first"]) for head in heads[1:]]
    checks = {
        "the format is one that this script knows": proof["format"] == 1 and {*map(type, numbers)} == {int},
        f"{json.dumps(entry)} is number {position} under the first head": root and root == heads[0]["root"],
        f"{len(heads)} heads are whole and linked": linked and hashes == [head["sha256"] for head in heads],
        "a timestamp is of the last head": timestamp is None or timestamp["head"] == newest["number"],
    }
    for record in records:
        is_named = sha256(record.read_bytes()).hexdigest() == entry["content"]["sha256"]
        checks[f"{record.name} is the record that it names"] = is_named
    print(*(f"{'holds:' if checks[words] else 'WRONG:'} {ascii(words)[1:-1]}" for words in checks), sep="\n")
    if not all(checks.values()):
        sys.exit(1)
    print("Alone, this shows nothing: anybody can write such a file. Compare its last head with one that you")
    print(f"have from elsewhere, or check its timestamp. Head {newest['number']} is", newest["sha256"])
    if timestamp and not (reply := file.with_suffix(".tsr")).exists():
        reply.write_bytes(base64.b64decode(timestamp["token"], validate=True))
    if timestamp:
        print(f"openssl ts -verify -digest {newest['sha256']} -in {quote(str(reply))} -CAfile AUTHORITY.pem")
        print(f"openssl ts -reply -in {quote(str(reply))} -text  # says the time")
except (OSError, ValueError, LookupError, TypeError, AttributeError, RecursionError) as error:
    print("This cannot be checked:", ascii(error))
    sys.exit(2)
