"""What would happen otherwise, while somebody moves inputs about: closed forms at once, a simulation soon after."""
