"""Cases that an engine with Convex's rules must pass, as data: set-up, steps in the order in which they happen, and
what each must give.

T cases are behaviours that Convex's own Rust tests asserted; D cases come from its documentation; C cases follow from
its code. `contend.engine.cases.catalogue.CASES` has them all, `contend.engine.cases.runner.run` runs one.
"""
