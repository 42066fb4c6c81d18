"""The modules of supervisord's Python package that event listeners import, written for
reeve, for systems without that package. The daemon itself does not use Python."""
