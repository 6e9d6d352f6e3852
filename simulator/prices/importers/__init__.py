"""Price lists of others, and the price books made of them."""
