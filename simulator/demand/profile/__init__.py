"""When in the week people come: a weight for every five minutes of local time, with mean 1."""
