"""What usage costs: price books and the bills made from them."""
