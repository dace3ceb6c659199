"""The bucket, the edge and the keys in AWS: templates, what must hold of them, their stacks."""
