"""What comes in: multipart bodies, streamed into the store of contents, and the rules of file paths."""
