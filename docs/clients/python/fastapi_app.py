"""An API on FastAPI. A live token for everything, one with the scope `deploy` for /deploy."""
from typing import Optional

import uvicorn
from fastapi import Depends, FastAPI, Request
from fastapi.responses import Response

from apitoken import Refused, Token, verify


def may_pass(scope: Optional[str] = None):
    # Without `async`, FastAPI calls it in a thread: requests would hold up the loop.
    def ask(request: Request) -> Token:
        return verify(request.headers, request.client.host, scope)

    return ask


app = FastAPI()
METHODS = ["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE"]


@app.exception_handler(Refused)
def refuse(_request: Request, refused: Refused) -> Response:
    return Response(status_code=refused.status, headers=refused.headers)


@app.api_route("/deploy", methods=METHODS)
def deploy(token: Token = Depends(may_pass("deploy"))):
    return token


@app.api_route("/{path:path}", methods=METHODS)
def anything(token: Token = Depends(may_pass())):
    return token


if __name__ == "__main__":
    uvicorn.run(app, host="127.0.0.1", port=3000, log_level="warning")
