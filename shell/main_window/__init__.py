"""The window: everything that Qt draws around and over the panes."""
