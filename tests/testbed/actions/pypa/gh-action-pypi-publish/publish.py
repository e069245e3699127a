"""Stand-in of pypa/gh-action-pypi-publish: uploads with twine to the testbed's own index.

Trusted Publishing itself is not exercised: nothing here issues an identity that an index could
check. The testbed hands over a token instead, and nothing is attested.
"""

import hashlib
import json
import os
import subprocess
import sys
import urllib.request
from pathlib import Path


def main() -> int:
    """Check the files' metadata and upload them, as the inputs say."""
    inputs = json.loads(os.environ["INPUTS"])
    address = inputs["repository-url"]
    uploads = json.loads(os.environ["TESTBED_UPLOADS"])
    if inputs["password"]:
        sys.exit("::error::The stand-in of gh-action-pypi-publish takes no password.")
    if address not in uploads:
        sys.exit(f"::error::There is no index in place of {address} here.")
    url, token = uploads[address]
    print("Stand-in of gh-action-pypi-publish: Trusted Publishing is not exercised,")
    print(f"nothing is attested, and {url} takes the place of {address}.", flush=True)
    files = sorted(map(str, Path(inputs["packages-dir"]).glob("*")))
    if not files:
        sys.exit(f"::error::There are no packages in {inputs['packages-dir']}.")
    if inputs["print-hash"] == "true" or inputs["verbose"] == "true":
        for file in files:
            print(file, "SHA256", hashlib.sha256(Path(file).read_bytes()).hexdigest(), flush=True)
    twine = os.environ["TESTBED_TWINE"]
    if inputs["verify-metadata"] == "true":
        subprocess.run([twine, "check", *files], check=True)
    if inputs["skip-existing"] == "true":  # twine does that with the real indexes alone
        files = [file for file in files if not is_there(url, Path(file).name)]
    if not files:
        print("Every file is there already.")
        return 0
    words = ["--verbose"] if inputs["verbose"] == "true" else []
    login = {"TWINE_REPOSITORY_URL": url, "TWINE_USERNAME": "__token__", "TWINE_PASSWORD": token}
    upload = [twine, "upload", "--non-interactive", "--disable-progress-bar", *words, *files]
    return subprocess.run(upload, env=os.environ | login).returncode


def is_there(url: str, name: str) -> bool:
    """Tell whether the index has a file of that name."""
    with urllib.request.urlopen(f"{url}packages/", timeout=60) as answer:
        return f">{name}<" in answer.read().decode()


if __name__ == "__main__":
    sys.exit(main())
