"""Path 1: rules of coaches that bypass or adjust the model. Read `grammar`, then `kleene`, then `decision`."""
