"""The part of supervisord's Python package that event listeners import, written for reeve:
it stands in where that package is not installed. The daemon itself is not in Python."""
