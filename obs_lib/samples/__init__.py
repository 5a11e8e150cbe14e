"""Example logs: three weeks of an invented bike-share service's assistants, with quiet days and with incidents.

The first prompts of every day are canaries: repeated prompts, the same every day, named by their `prompt_id`. What is asked
and answered stands in texts/.
"""
