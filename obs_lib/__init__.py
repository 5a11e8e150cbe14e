"""The LLM night watch: nightly quality, drift and system checks of language-model logs.

Importing this package costs nothing; every heavy library is imported where it is used.
"""

__version__ = "0.1.0"
