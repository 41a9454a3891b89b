"""The desktop client: legacy screens and cloud modules of one practice in one window."""
