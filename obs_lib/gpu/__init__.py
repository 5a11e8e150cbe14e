"""Samples every GPU of a machine into JSON lines. Imports nothing heavy: it runs beside the server that it watches."""
