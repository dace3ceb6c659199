"""Whether something that was published is nobody's business: by its name, and by what is in it.

names           what keys, passphrases and settings are called
content         marks of private keys and credentials
listed_keys     private keys without any mark, by the public keys that root lists
objects         both, asked of one object
wrappings       the layers in which either may be: archives, written_bytes
"""
