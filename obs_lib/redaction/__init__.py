"""Masking of secrets and personal data: what is found, and where it is masked (docs/decisions/0009-redaction.md)."""
