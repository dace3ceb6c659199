"""What each role of a product may do: a table of what it must and must not, asked of IAM.

row, table          the rows: objects (of the bucket), keys (in KMS), and what else is in an account
simulator           IAM's policy simulator, asked about rows
simulated           the check: what it answered, held against the table
"""
