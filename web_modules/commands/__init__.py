"""What `banyan-cloud` can be told to do: a module a command or group of them."""
