"""Ways to check in beside the roster: by code, by last digits, by proxy, by the printed sheet.

All of them say who is here by `courses.registering.register`.
"""
