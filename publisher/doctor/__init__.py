"""`slotcast doctor`: looks at a live deployment as boards and an operator see it.

check_names, examine                the checks, in order; findings: what each comes to
site, samples                       what is looked at
visitor                             how an edge is asked: exchange, handshakes, replies
reach, certificate, tls             the edge
answers, other_requests, caching    what it answers, and what is kept
times, past                         clocks, expiry, refreshes; what this machine has seen
product, contents, private_keys     what is published, and what must not be: secrets/
aws/                                what the account says
hints                               what a reader does about an error of the store
"""
