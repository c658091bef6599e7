"""What the server remembers: SQLite beside the file contents, or PostgreSQL by URL.

`tables` has the schema, `database` opens it and gives sessions; the other modules are what can be done, a module a
resource. Every function takes a session and leaves the transaction to its caller.
"""
