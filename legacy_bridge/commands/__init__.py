"""What `banyan-bridge` can be told to do; the only place where its parts are wired together."""
