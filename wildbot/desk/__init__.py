"""How several actors share one account: capital, supervision, swaps, and the routing of orders."""
