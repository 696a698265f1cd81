"""Check offline that a record is sealed in a site's ledger: python3 check_proof.py proof.json [record.json].

Exit code 0: everything holds. 1: something does not. 2: a file cannot be read, or holds no proof.
"""

import base64
import hashlib
import json
import sys
from pathlib import Path


def sha256(data):
    return hashlib.sha256(data).digest()


def encode(content):
    return json.dumps(content, ensure_ascii=False, sort_keys=True, separators=(",", ":")).encode()


def root(entry, index, last, path):  # RFC 9162, section 2.1.3.2
    found, nodes = sha256(b"\0" + encode(entry)), [bytes.fromhex(node) for node in path]
    while last:
        if index % 2 or index < last:
            found = sha256(b"\1" + (nodes.pop(0) + found if index % 2 else found + nodes.pop(0)))
        index, last = index // 2, last // 2
    return found.hex() if not nodes else None


def checks(format, entry, position, path, heads, timestamp, record):
    yield "the proof is of a format that this script knows", format == 1
    if record is not None:
        yield "record.json is the record that it names", sha256(record).hex() == entry["content"]["sha256"]
    start, end = heads[0]["first"], heads[0]["last"]
    fits = start <= position <= end and root(entry, position - start, end - start, path) == heads[0]["root"]
    yield f"{json.dumps(entry)} is number {position} under the first of the heads", fits
    stated = [head.pop("sha256") for head in heads]
    hashes = [sha256(encode(head)).hex() for head in heads]
    links = [(hash_, head["number"] + 1, head["last"] + 1) for hash_, head in zip(hashes, heads)]
    chained = links[:-1] == [(head["previous"], head["number"], head["first"]) for head in heads[1:]]
    yield f"{len(heads)} heads are whole and linked; the last is {hashes[-1]}", chained and hashes == stated
    if timestamp:
        yield "a timestamp belongs to that head; openssl checks it:", timestamp["head"] == heads[-1]["number"]
        Path("timestamp.tsr").write_bytes(base64.b64decode(timestamp["token"]))
        print(f"       openssl ts -verify -digest {hashes[-1]} -in timestamp.tsr -CAfile AUTHORITY.pem")


wrong = False
try:
    files = [Path(name).read_bytes() for name in sys.argv[1:]] + [None]
    proof = json.loads(files[0], parse_float=int, parse_constant=int)  # a proof has no fractions
    proof = proof.get("proof", proof)  # a receipt holds one
    if "error" in proof:
        raise ValueError(proof["error"])
    for words, holds in checks(**proof, record=files[1]):
        print("holds:" if holds else "WRONG:", ascii(words)[1:-1])
        wrong = wrong or not holds
except (OSError, ValueError, LookupError, TypeError, AttributeError, RecursionError) as error:
    sys.exit(print("This cannot be checked:", ascii(error)) or 2)
sys.exit(wrong)
