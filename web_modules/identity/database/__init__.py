"""What the web processes of a practice share about who asks; every key begins with the practice."""
