"""How the heads are trained, one file a head; `tools/train_heads.py` is the command."""
