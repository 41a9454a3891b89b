"""Which patient this window is about, in FHIRcast's words, and whether both panes agree."""
