"""The server's pages: the same functions as the API's, with the same permissions, for people who look."""

from harness.server.pages.application import create_pages
from harness.server.pages.entrance import Entrance

__all__ = ["Entrance", "create_pages"]
