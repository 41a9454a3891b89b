"""Two more legacy programs, small and in other toolkits than Qt, each opened and read by other means."""
