"""A database with Convex's rules of concurrency: snapshots, transactions that record what they read, and a commit that
rejects them when that has changed.

    database = Database()
    database.add_table("messages", {"by_room": ["room"]})
    tx = database.begin()
    tx.query("messages").with_index("by_room", eq("room", "general")).first()
    tx.insert("messages", {"room": "general", "text": "hello"})
    outcome = database.commit(tx)  # Committed or Conflict

Synchronous and single-threaded: transactions interleave as the caller interleaves the calls. Time is a number that the
caller sets (`database.now_ns`). Document ids, and so the order of documents with equal keys, come from a seed.
"""
