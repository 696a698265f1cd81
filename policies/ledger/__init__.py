"""The append-only ledger of everything promised: entries, sealing, proofs, witnesses, verification."""
