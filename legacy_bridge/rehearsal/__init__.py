"""The rehearsal: who saw and wrote what on both sides, and what may never have become of it."""
