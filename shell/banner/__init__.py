"""The patient banner: identity by the rules of the NHS Common User Interface, above every pane."""
