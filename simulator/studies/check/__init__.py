"""Is the engine right? Small scenarios whose answers are known as closed forms, simulated and compared."""
