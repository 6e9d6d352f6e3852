"""A deck of a study: what it says is plain data, made here; `powerpoint` alone knows the file's format."""
