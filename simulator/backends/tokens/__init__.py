"""How many tokens a call of a language model reads or writes."""
