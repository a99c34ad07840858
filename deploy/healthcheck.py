"""
The container's health check: asks the server inside for /readyz.

A server whose places are all taken answers 503 there, so that a load balancer sends the next peer elsewhere. It is well
nevertheless, and must not be restarted for that.
"""

import json
import os
import ssl
import sys
import urllib.error
import urllib.request


def main() -> int:
    secure = os.environ.get("HOLISTIC_TLS") or os.environ.get("HOLISTIC_TLS_CERT")
    url = f"http{'s' if secure else ''}://127.0.0.1:{os.environ.get('HOLISTIC_PORT') or 8080}/readyz"
    # Whose certificate it is doesn't matter here.
    context = ssl._create_unverified_context() if secure else None
    try:
        with urllib.request.urlopen(url, timeout=4, context=context) as response:
            health = json.load(response)
    except urllib.error.HTTPError as refusal:
        health = json.load(refusal)
        if health["sessions"] < health["max_sessions"]:
            print(health)
            return 1
    except OSError as error:
        print(f"{url}: {error}")
        return 1
    print(health)
    return 0


if __name__ == "__main__":
    sys.exit(main())
