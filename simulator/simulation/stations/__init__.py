"""Where predictions are computed online: each kind of backend, its queue, and what goes wrong there."""
