"""What the pages of every module share: drawing, words, patients as shown, finding, freshness, changes."""
