"""Small applications, as text: a service and a command-line program."""

HEADER = '''"""A small application that replaces the sample."""
# /// script
# dependencies = ["nothing>=1"]
# ///
import http.server, json, os, sys, time
HERE = os.path.dirname(os.path.abspath(__file__))
VERSION = os.environ["VERSION"]
'''
SERVICE = f"""{HEADER}
class Handler(http.server.BaseHTTPRequestHandler):
    def do_GET(self):
        self.send_response(200)
        self.end_headers()
        self.wfile.write(json.dumps({{"version": VERSION}}).encode())

    def log_message(self, *_):
        pass

address = ("127.0.0.1", int(os.environ["PORT"]))
http.server.ThreadingHTTPServer(address, Handler).serve_forever()
"""
PROGRAM = f"""{HEADER}
print("usage: links" if sys.argv[1] == "--help" else f"links {{VERSION}}")
"""
