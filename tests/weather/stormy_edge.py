"""An edge that answers some requests as an overloaded CDN, a hotel's gateway or bad RAM would."""

from __future__ import annotations

from dataclasses import replace
from http import HTTPStatus

from faults import Fault, Weather

from publisher.answer import Answer, Request, answer
from publisher.certificates import ServerCertificate
from publisher.serve import Edge
from publisher.stores.base import Store

_5XX = (500, 502, 503, 504)
_LOGIN = b"<!doctype html><title>Welcome</title><form action=/login>Please accept</form>"
_HTML = {"Content-Type": "text/html"}


class StormyEdge(Edge):
    """Serves a store, but for the requests that the weather falls on."""

    def __init__(self, store: Store, certificate: ServerCertificate, weather: Weather) -> None:
        super().__init__(store, certificate)
        self._weather = weather

    def answer(self, request: Request) -> Answer:
        """The honest answer, or another."""

        def fits(kind: str) -> bool:
            return kind in ("5xx", "captive portal") or _is_for_payload(request)

        fault = self._weather.take_at_edge(fits)
        honest = super().answer(request)
        return self._answer_badly(request, honest, fault) if fault else honest

    def _answer_badly(self, request: Request, honest: Answer, fault: Fault) -> Answer:
        if fault.kind == "5xx":
            return Answer(HTTPStatus(_chosen(_5XX, fault)), _HTML, b"<title>Error</title>")
        if fault.kind == "416":
            return answer(self._store.read, replace(request, range="bytes=99999999-"))
        if fault.kind == "200 for a range":
            return answer(self._store.read, replace(request, range=""))
        if fault.kind == "captive portal":
            return _chosen(_portals(), fault)
        return replace(honest, body=_with_a_bit_flipped(honest.body, fault.choice))


def _portals() -> tuple[Answer, ...]:
    """A login page in place of the file, a redirect to one, and the status that RFC 6585 made."""
    redirect = {"Location": "http://login.hotel.test/", **_HTML}
    return (
        Answer(HTTPStatus.OK, _HTML, _LOGIN),
        Answer(HTTPStatus.FOUND, redirect, _LOGIN),
        Answer(HTTPStatus.NETWORK_AUTHENTICATION_REQUIRED, _HTML, _LOGIN),
    )


def _is_for_payload(request: Request) -> bool:
    return "/payloads/" in request.target


def _chosen(options: tuple, fault: Fault) -> object:
    return options[int(fault.choice * len(options))]


def _with_a_bit_flipped(body: bytes, choice: float) -> bytes:
    bit = int(choice * len(body) * 8)
    changed = bytearray(body)
    changed[bit // 8] ^= 1 << bit % 8
    return bytes(changed)
