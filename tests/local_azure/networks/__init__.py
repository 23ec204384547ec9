"""Networks of other people: a company with its proxy, a closed network, a package feed."""
