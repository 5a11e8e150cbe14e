"""From schema version 4 to 5: what is called otherwise (`names`), in which rows (`rows`), and how a lake gets there.

`migration.Migration` is the way in. No part of the code that reads a lake knows an old name; they stand here alone.
"""
