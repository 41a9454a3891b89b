"""The legacy side's pane: a program that is described, started, found, driven and read back."""
