"""How fast an autoscaler may change the number of its replicas."""
