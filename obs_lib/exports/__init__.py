"""Scores and numbers for systems that people have already, one receiver a file, each known by a line of `registry`.

Public: `options.ExportOptions`, `registry.KINDS`, `receiver.score_receiver` and `receiver.number_receiver`.
"""
