"""Making a TLS connection, and words for what may go wrong with one; not in memory beside it."""

import errno
import gc

from slotcast.channel import Channel, Patience
from slotcast.errors import BoardError, DownloadError
from slotcast.wire import Wire


def tls_context(tls, trust_anchors, pin_check=None):
    """A context that takes only certificates that the anchors vouch for.

    Args:
        trust_anchors: DER certificates, at least one; ValueError if there is none.
        pin_check: a pins.PinCheck that has to agree as well, or None.

    Raises BoardError when an anchor is not a certificate, or this MicroPython cannot check pins.
    """
    if not trust_anchors:
        raise ValueError("no trust anchors")
    context = tls.SSLContext(tls.PROTOCOL_TLS_CLIENT)
    context.verify_mode = tls.CERT_REQUIRED
    is_1_22 = not hasattr(context, "verify_callback")
    if pin_check:
        if is_1_22:
            raise BoardError("pins need MicroPython 1.23 or later")
        context.verify_callback = pin_check
    for der in trust_anchors:
        try:
            if is_1_22:
                context.load_verify_locations(cadata=der)
            else:
                context.load_verify_locations(der)
        except (OSError, ValueError) as error:
            raise BoardError("trust anchor: %s" % error)
    return context


def connect_steps(network, context, base, timeout_ms: int):
    """A Channel to the host of a BaseUrl, its handshake pending; raises DownloadError."""
    wire = Wire(network.select, _connecting_socket(network.socket, base))
    try:
        yield from _connect_steps(wire, base, Patience(network.time, timeout_ms, "peer"))
        return Channel(wire, _secured(context, wire, base))
    except BaseException:  # also when nobody waits for it any more
        wire.close()
        raise


def why_refused(flags: str) -> str:
    """What is wrong with a certificate (chain, name, date), before mbedTLS's own words for it."""
    # mbedtls_x509_crt_verify_info: a line for each flag. What names neither date nor host is about
    # who signed it, and how.
    kinds, lines = set(), flags.strip().split("\n")
    for line in lines:
        kinds.add("date" if "validity" in line else "name" if "Common Name" in line else "chain")
    return "%s (%s)" % (" and ".join(sorted(kinds)), "; ".join(lines))


def words(error: OSError) -> str:
    """What an OSError of a socket says, whichever sign its number has."""
    # TLS reads give -116 where sockets give 116; what mbedTLS itself says comes with words.
    if len(error.args) > 1:
        return str(error.args[1])
    code = error.args[0] if error.args else None
    return errno.errorcode.get(abs(code), str(code)) if isinstance(code, int) else str(error)


def _connecting_socket(socket, base):
    """A TCP socket in non-blocking mode that has begun to connect; raises DownloadError."""
    sock = None
    try:
        family, kind, protocol, _, address = socket.getaddrinfo(
            base.host, base.port, 0, socket.SOCK_STREAM
        )[0]
        sock = socket.socket(family, kind, protocol)
        sock.setblocking(False)
        sock.connect(address)
    except OSError as error:
        if sock is None:
            raise DownloadError("cannot resolve %s: %s" % (base.authority, words(error)))
        if error.args[:1] != (errno.EINPROGRESS,):
            sock.close()
            raise _unconnected(base, words(error))
    return sock


def _connect_steps(wire, base, patience):
    """Wait until the wire's socket is connected; raises DownloadError."""
    began = patience.now()
    try:
        while not wire.is_connected():
            wire.patience_ms = patience.left_ms(began)
            yield wire
    except OSError as error:
        raise _unconnected(base, words(error))
    except DownloadError:
        raise _unconnected(base, "ETIMEDOUT")


def _unconnected(base, why):
    return DownloadError("cannot connect to %s: %s" % (base.authority, why))


def _secured(context, wire, base):
    # TLS takes about 24 KB outside the Python heap and competes with it.
    gc.collect()
    try:
        return context.wrap_socket(wire, server_hostname=base.host, do_handshake_on_connect=False)
    except OSError as error:
        raise DownloadError("no TLS: " + words(error))
