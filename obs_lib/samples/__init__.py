"""Example logs: three weeks of an invented bike-share service's assistants, with quiet days and with incidents."""
