"""What backends do in the long run of each hour, where that takes more than a formula."""
