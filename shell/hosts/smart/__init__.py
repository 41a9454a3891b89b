"""SMART applications in a pane: their launch, their walls, and what they say to the window."""
