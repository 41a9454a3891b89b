"""Hosts: one side of a function in a pane, a foreign legacy window or a closed-down web page."""
