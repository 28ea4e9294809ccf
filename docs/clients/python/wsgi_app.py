"""An API on WSGI, as Flask and Django are. A live token for everything, one with the scope `deploy` for /deploy."""
import json
from dataclasses import asdict
from http import HTTPStatus
from socketserver import ThreadingMixIn
from wsgiref.simple_server import WSGIServer, make_server

from apitoken import CREDENTIALS, Refused, verify


def app(environ, start_response):
    variables = {name: "HTTP_" + name.upper().replace("-", "_") for name in CREDENTIALS}
    headers = {name: environ[variable] for name, variable in variables.items() if variable in environ}
    try:
        token = verify(headers, environ["REMOTE_ADDR"], "deploy" if environ["PATH_INFO"] == "/deploy" else None)
    except Refused as refused:
        start_response(f"{refused.status} {HTTPStatus(refused.status).phrase}", list(refused.headers.items()))
        return []
    start_response("200 OK", [("Content-Type", "application/json")])
    return [json.dumps(asdict(token)).encode()]


class Server(ThreadingMixIn, WSGIServer):
    daemon_threads = True


if __name__ == "__main__":
    make_server("127.0.0.1", 3000, app, Server).serve_forever()
