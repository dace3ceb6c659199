"""Looking after what is published: what it is, what was before, what may go, what to renew."""
