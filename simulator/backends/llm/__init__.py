"""What a call of an external API is made of: its tokens, its time, its cached beginning, its batch tier."""
