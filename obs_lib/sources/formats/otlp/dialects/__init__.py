"""Dialects: attributes that a library writes in names, or shapes, of its own beside or instead of the GenAI conventions."""
