"""Masking of secrets and personal data: what is found, and where it is masked (obs_lib/design/0009-redaction.md)."""
