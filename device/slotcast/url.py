"""Where an edge serves a repository."""


class BaseUrl:
    """Host, port and path of `https://host[:port]/path/`; raises ValueError for anything else.

    Attributes: host, port, path (with both slashes), authority (the Host header).
    """

    def __init__(self, text: str):
        from slotcast.http import split_url  # so much is needed for a moment only

        self.authority, self.path, self.host, self.port = split_url(text)
