"""Downloads, assembles and verifies the model bundle."""
