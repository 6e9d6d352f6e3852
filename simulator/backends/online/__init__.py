"""What an online fleet is made of while a simulation runs."""
