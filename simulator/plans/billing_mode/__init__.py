"""How a store is paid for."""
