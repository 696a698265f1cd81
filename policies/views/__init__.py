"""What visitors see of policies and of their choices about cookies."""
