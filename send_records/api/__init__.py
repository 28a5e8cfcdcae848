"""The HTTP API: a translation of requests into commands and queries, with no rules of its own.

``app`` puts it together; it stands apart so that a command line that needs one shape of ours does
not wait until every route is made.
"""
