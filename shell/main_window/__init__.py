"""The window as drawn: bars, rail, panes, palette and dialogues around the banner and the hosts."""
