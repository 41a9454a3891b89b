"""Drafts: what was typed in a page and is not saved, kept encrypted until it is, or is thrown away. No Qt."""
