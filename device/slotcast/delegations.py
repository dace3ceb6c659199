"""Delegations of targets (TUF specification, sections 4.5 and 5.6.7).

Slotcast publishes none: a product is a repository. A client of the specification follows them, and
a board loads this module when it meets some.
"""

from hashlib import sha256

from slotcast.errors import RepositoryError
from slotcast.metadata import TOP_LEVEL_ROLES, Role, keys_by_keyid

# How many roles one search visits, as in python-tuf: it ends cycles and floods.
_MAX_ROLES = 32
# A board's file system takes 255 bytes of name, ".json.new" among them.
_MAX_NAME_BYTES = 240
_PLAIN = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789_.-~"
_MAX_BITS = 32
# Of a pattern: what takes it apart works in the square of its length.
_MAX_PATH_CHARACTERS = 512


class DelegatedRole(Role):
    """A role that targets metadata delegates paths to: Role's, `name` and `is_terminating`."""

    def __init__(self, fields) -> None:
        super().__init__(fields)
        self.name = _name(fields.get("name"))
        self.is_terminating = fields.get("terminating")
        self._patterns = fields.get("paths")
        self._prefixes = fields.get("path_hash_prefixes")
        if not isinstance(self.is_terminating, bool):
            raise RepositoryError("terminating is not a boolean")
        if (self._patterns is None) == (self._prefixes is None):
            raise RepositoryError("a delegation has either paths or path_hash_prefixes")
        _verify_strings(self._patterns if self._prefixes is None else self._prefixes)

    def has(self, path: str) -> bool:
        """Whether the target path is one of those that are delegated."""
        if self._prefixes is None:
            return any(matches(path, pattern) for pattern in self._patterns)
        digest = sha256(path.encode()).digest().hex()
        return any(digest.startswith(prefix) for prefix in self._prefixes)


class HashBins(Role):
    """Succinct delegation (TAP 15): 2^bit_length roles that share the paths by their hash."""

    def __init__(self, fields) -> None:
        super().__init__(fields)
        self._prefix = fields.get("name_prefix")
        self._bits = fields.get("bit_length")
        if not isinstance(self._bits, int) or isinstance(self._bits, bool):
            raise RepositoryError("bit_length is not an integer")
        if not 1 <= self._bits <= _MAX_BITS:
            raise RepositoryError("bit_length is not within 1 and 32")
        self._digits = (self._bits + 3) // 4
        _name(self._prefix)
        _name("%s-%0*x" % (self._prefix, self._digits, 0))

    def name_of(self, path: str) -> str:
        """Name of the role that a target path belongs to."""
        number = int.from_bytes(sha256(path.encode()).digest()[:4], "big") >> (32 - self._bits)
        return "%s-%0*x" % (self._prefix, self._digits, number)


class Delegations:
    """The `delegations` of targets metadata, a delegator as root is one.

    Attributes: `keys` by keyid; `digest`, the SHA-256 of the file that they stand in.
    """

    def __init__(self, fields, digest: bytes) -> None:
        if not isinstance(fields, dict):
            raise RepositoryError("delegations is not an object")
        self.digest = digest
        self.keys = keys_by_keyid(fields.get("keys"))
        roles, bins = fields.get("roles"), fields.get("succinct_roles")
        if (roles is None) == (bins is None):
            raise RepositoryError("delegations have either roles or succinct_roles")
        self._bins = None if bins is None else HashBins(bins)
        self._roles = [] if roles is None else _roles(roles)

    def role(self, name: str) -> Role:
        """The delegated role of this name: its keyids and threshold."""
        for role in self._roles:
            if role.name == name:
                return role
        return self._bins

    def roles_for(self, path: str):
        """Names of the roles to search for a path, in order, and whether they end the search."""
        if self._bins is not None:
            return [self._bins.name_of(path)], True
        names = []
        for role in self._roles:
            if role.has(path):
                names.append(role.name)
                if role.is_terminating:
                    return names, True
        return names, False


def find_steps(path: str, targets, load):
    """The TargetFile of a path: pre-order, depth-first (section 5.6.7); None where there is none.

    Args:
        targets: the top-level metadata.Targets.
        load: generator function (name, delegations) -> metadata.Targets of a role, verified for
            this delegator.

    Raises RepositoryError when more than 32 roles would have to be visited, and what `load` raises.
    """
    visited = set()
    waiting = []  # (name, delegations), the next one last
    while path not in targets.targets:
        if targets.delegations is not None:
            names, is_terminating = targets.delegations.roles_for(path)
            if is_terminating:
                waiting = []
            waiting.extend((name, targets.delegations) for name in reversed(names))
        while waiting and waiting[-1][0] in visited:
            waiting.pop()
        if not waiting:
            return None
        if len(visited) == _MAX_ROLES:
            raise RepositoryError("more than %d delegated roles on the way" % _MAX_ROLES)
        name, delegator = waiting.pop()
        visited.add(name)
        targets = yield from load(name, delegator)
    return targets.targets[path]


def quoted(name: str) -> str:
    """A role's name as part of a URL, and of a file's name: percent-encoded (RFC 3986, 2.1)."""
    return "".join(chr(b) if chr(b) in _PLAIN else "%%%02X" % b for b in name.encode())


def matches(path: str, pattern: str) -> bool:
    """Whether a path matches PATHPATTERN (section 4.5): `*`, `?`, `[..]`, none across `/`."""
    parts, patterns = path.split("/"), pattern.split("/")
    return len(parts) == len(patterns) and all(map(_part_matches, parts, patterns))


def _part_matches(text: str, pattern: str) -> bool:
    """Shell matching of one part; after a mismatch the last star takes one character more."""
    tokens = _tokens(pattern)
    at = i = taken = 0
    star = -1
    while at < len(text):
        if i < len(tokens) and tokens[i] == "*":
            star, taken = i, at
            i += 1
        elif i < len(tokens) and _takes(tokens[i], text[at]):
            at += 1
            i += 1
        elif star < 0:
            return False
        else:
            taken += 1
            at, i = taken, star + 1
    return all(token == "*" for token in tokens[i:])


def _tokens(pattern: str):
    """A pattern's pieces: "*", "?", one character, or a class with its brackets."""
    tokens = []
    i = 0
    while i < len(pattern):
        end = i
        if pattern[i] == "[":
            # The first character of a class may be a bracket.
            end = max(i, pattern.find("]", i + (3 if pattern[i + 1 : i + 2] == "!" else 2)))
        tokens.append(pattern[i : end + 1])
        i = end + 1
    return tokens


def _takes(token: str, character: str) -> bool:
    if len(token) == 1:
        return token in ("?", character)
    is_negated = token[1] == "!"
    return _has(token[1 + is_negated : -1], character) != is_negated


def _has(characters: str, character: str) -> bool:
    """Whether a class such as `a-z_` has the character."""
    i = 0
    while i < len(characters):
        width = 3 if characters[i + 1 : i + 2] == "-" and i + 2 < len(characters) else 1
        if characters[i] <= character <= characters[i + width - 1]:
            return True
        i += width
    return False


def _roles(fields):
    if not isinstance(fields, list):
        raise RepositoryError("delegated roles are not an array")
    roles = [DelegatedRole(role) for role in fields]
    if len({role.name for role in roles}) != len(roles):
        raise RepositoryError("a role is delegated to twice")
    return roles


def _name(name) -> str:
    if not isinstance(name, str) or not name or name in TOP_LEVEL_ROLES:
        raise RepositoryError("a delegated role has no name of its own")
    if len(quoted(name)) > _MAX_NAME_BYTES:
        raise RepositoryError("the name of a delegated role is too long")
    return name


def _verify_strings(values) -> None:
    if not isinstance(values, list) or not all(isinstance(value, str) for value in values):
        raise RepositoryError("delegated paths are not strings")
    if any(len(value) > _MAX_PATH_CHARACTERS for value in values):
        raise RepositoryError("a delegated path is too long")
