"""The report of a day: content as blocks, and renderers that give the blocks their looks.

`report.make(inputs, options)` is the way in. Importing this package costs nothing.
"""
