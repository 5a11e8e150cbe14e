"""Loading and running encoders. The only room that imports torch, transformers and sentence_transformers, when used."""
