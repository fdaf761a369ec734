"""An OpenAI-compatible server, run as a process of its own, that sees nothing and answers well.

It prints its address; its argument is the port. `wegen diic` asks four kinds of questions; each has
one answer here, streamed word by word. GET /v1/models also says what was asked.
"""

from __future__ import annotations

import json
import sys
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

ANSWERS = {
    "things: noun phrases": {"caption": "A cat on a meadow.", "things": ["a cat", "a dog"]},
    "are two moments of one video": {"changes": ["the cat walks on"], "unchanged": "the meadow"},
    "Is this change visible?": "yes",
    "complete and alone?": "yes",
}


class Handler(BaseHTTPRequestHandler):
    asked: list[dict[str, Any]] = []  # noqa: RUF012 - of the whole process

    def do_POST(self) -> None:
        body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        parts = body["messages"][-1]["content"]
        text = " ".join(part["text"] for part in parts if part["type"] == "text")
        images = sum(part["type"] == "image_url" for part in parts)
        question, answer = next((q, a) for q, a in ANSWERS.items() if q in text)
        schema = "response_format" in body
        self.asked.append({"question": question, "images": images, "schema": schema})
        self.send_response(200)
        self.send_header("Content-Type", "text/event-stream")
        self.end_headers()
        words = answer if isinstance(answer, str) else json.dumps(answer)
        for word in words.split(" "):
            self.send({"choices": [{"delta": {"content": word + " "}}]})
        self.send({"choices": [{"delta": {}, "finish_reason": "stop"}]})
        self.wfile.write(b"data: [DONE]\n\n")

    def do_GET(self) -> None:
        self.send_response(200)
        self.send_header("Content-Type", "application/json")
        self.end_headers()
        state = {"data": [{"id": "scripted"}], "asked": self.asked}
        self.wfile.write(json.dumps(state).encode())

    def send(self, event: dict[str, Any]) -> None:
        self.wfile.write(f"data: {json.dumps(event)}\n\n".encode())
        self.wfile.flush()

    def log_message(self, *_: object) -> None:
        pass


if __name__ == "__main__":
    server = ThreadingHTTPServer(("127.0.0.1", int(sys.argv[1])), Handler)
    print(f"http://127.0.0.1:{server.server_port}/v1", flush=True)
    server.serve_forever()
