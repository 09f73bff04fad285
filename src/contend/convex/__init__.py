"""What Convex is: values and their order, index keys, intervals, what each read covers and each write touches, ids,
function paths, limits, retry policies, error texts. Pure, and the standard library only.

Facts are cited as `convex-backend: path`, meaning that path in the public repository `get-convex/convex-backend`
at commit 94a42c3db8d7ba6d9fe36f2698f9d9d9daaac731 (2026-08-21, npm `convex` 1.45.0).
"""
