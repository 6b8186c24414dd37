"""Answers that are none: cut and held connections."""

import asyncio

from aiohttp import web


async def cut(request: web.Request) -> web.Response:
    """Close the connection at once, without a byte of answer."""
    if request.transport is not None:
        request.transport.abort()
    await asyncio.sleep(0)
    return web.Response()  # nobody reads it


async def hold(request: web.Request, seconds: float) -> web.Response:
    """Leave the caller waiting, then close the connection. Ends early when the caller gives up."""
    await asyncio.sleep(seconds)
    return await cut(request)
