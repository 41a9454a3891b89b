"""Published: which view a person has of a function and which side leads, decided from the flags."""
