"""`@convex-dev/aggregate`: a B-tree per namespace that counts and sums.

A change of an item goes from the root to one leaf. Every node on that way keeps the count of what lies below it and is
written with each change, except the root, which by default keeps none (a *lazy root*: `rootLazy`); a tree of no more
than 16 items is nothing but its root. So two changes meet where their keys lie in one leaf or below one child of the
root, and always while the tree is small. Keys that only grow (times) all land in the last leaf. A count reads the
children of the root, so it meets every change in its namespace.

Up to 0.1.16 there was one tree and no namespace. From 0.3.0 on, changes can be queued (`async: true`), and others look
whether any are pending.
"""

from __future__ import annotations

from typing import Final

from contend.convex.components.facts import (
    Applied,
    Argument,
    Call,
    Columns,
    Component,
    Condition,
    FieldOf,
    Given,
    Is,
    Method,
    NodeFor,
    Now,
    Operand,
    Option,
    Read,
    Source,
    Start,
    Step,
    TriggerOf,
    Use,
    Write,
)

_BTREE: Final = Source("0.3.1", "src/component/btree.ts")
_PUBLIC: Final = Source("0.3.1", "src/component/public.ts")
_WORKER: Final = Source("0.3.1", "src/component/worker.ts")
_OLD_BTREE: Final = Source("0.2.2", "src/component/btree.ts")
_OLD_PUBLIC: Final = Source("0.2.2", "src/component/public.ts")
_QUEUE: Final = "0.3.0"

_PENDING: Final = Read("pending", "pendingOperations", "by_creation_time", (), "first")


def _way(tree: str, namespace: str, key: str) -> tuple[Step, ...]:
    """From the root of a namespace's tree to the leaf that holds `key`, which is written."""
    root, node = f"{tree}-root", f"{tree}-node"
    return (
        Read(tree, "btree", "by_namespace", (("namespace", "eq", Argument(namespace)),), "unique"),
        Read(root, "btreeNode", bounds=(("_id", "eq", FieldOf(tree, "root")),)),
        Read(node, "btreeNode", bounds=(("_id", "eq", NodeFor(root, Argument(key))),)),
        Write(
            "patch",
            "btreeNode",
            NodeFor(root, Argument(key)),
            (("items", FieldOf(node, "items")), ("aggregate", FieldOf(node, "aggregate"))),
        ),
    )


_INSERT: Final = _way("tree", "namespace", "key")
_REPLACE: Final = (*_way("old", "namespace", "currentKey"), *_way("new", "newNamespace", "newKey"))
_TREE: Final = Read("tree", "btree", "by_namespace", (("namespace", "eq", Argument("namespace")),), "unique")
_COUNT: Final = (
    _TREE,
    Read("root", "btreeNode", bounds=(("_id", "eq", FieldOf("tree", "root")),)),
    Read("nodes", "btreeNode", bounds=(("_id", "eq", FieldOf("root", "subtrees[]")),)),
)
_LISTED: Final = (
    Read("tree", "btree", "by_namespace", (("namespace", "eq", Argument("queries[].namespace")),), "unique"),
    *_COUNT[1:],
)
_CLEAR: Final = (
    _TREE,
    Write("delete", "btree", FieldOf("tree", "_id")),
    Read("root", "btreeNode", bounds=(("_id", "eq", FieldOf("tree", "root")),)),
    Write("insert", "btreeNode"),
    Write("insert", "btree", fields=(("namespace", Argument("namespace")),)),
)
_LAZY: Final = (_TREE, Write("patch", "btreeNode", FieldOf("tree", "root")))
_SPACES: Final = (Read("trees", "btree", "by_id", (), "take"),)


def _both(name: str, kind: str, steps: tuple[Step, ...]) -> tuple[Call, ...]:
    """A function as it was before queued changes, and since."""
    query = kind == "query"
    return (
        Call(name, "query" if query else "mutation", steps, _OLD_BTREE if query else _OLD_PUBLIC, until=_QUEUE),
        Call(name, "query" if query else "mutation", (_PENDING, *steps), _BTREE if query else _PUBLIC, since=_QUEUE),
    )


def _queued(name: str) -> Call:
    return Call(
        name,
        "mutation",
        (Write("insert", "pendingOperations", fields=(("commitTs", Now()),)), Start("worker.processBatch")),
        _WORKER,
        since=_QUEUE,
    )


# ── the clients ──────────────────────────────────────────────────────────────────────────────────────────────────


def _key(argument: Operand) -> Operand:
    return Applied(Option("sortKey"), argument)


def _namespace(argument: Operand) -> Operand:
    return Applied(Option("namespace"), argument)


def _change(call: str, arguments: tuple[tuple[str, Operand], ...], options: Operand) -> tuple[Use, ...]:
    at_once: tuple[Condition, ...] = (Is(options, True, holds=False),)
    return (
        Use(call, arguments, when=at_once),
        Use("public.enqueue", (("operation", options),), when=(Is(options, True),)),
    )


def _of_one(call: str, document: Operand, options: Operand) -> tuple[Use, ...]:
    return _change(call, (("key", _key(document)), ("namespace", _namespace(document))), options)


def _of_two(call: str, old: Operand, new: Operand, options: Operand) -> tuple[Use, ...]:
    arguments: tuple[tuple[str, Operand], ...] = (
        ("currentKey", _key(old)),
        ("namespace", _namespace(old)),
        ("newKey", _key(new)),
        ("newNamespace", _namespace(new)),
    )
    return _change(call, arguments, options)


_DIRECT: Final[tuple[tuple[str, Operand], ...]] = (("key", Given(1, "key")), ("namespace", Given(1, "namespace")))
_DIRECT_TWO: Final[tuple[tuple[str, Operand], ...]] = (
    ("currentKey", Given(1, "key")),
    ("namespace", Given(1, "namespace")),
    ("newKey", Given(2, "key")),
    ("newNamespace", Given(2, "namespace")),
)
_DIRECT_SAME: Final[tuple[tuple[str, Operand], ...]] = (
    ("currentKey", Given(1, "key")),
    ("namespace", Given(1, "namespace")),
    ("newKey", Given(1, "key")),
    ("newNamespace", Given(1, "namespace")),
)
_DOC, _NEXT = Given(1), Given(2)
_ASYNC_2, _ASYNC_3 = Given(2, "async"), Given(3, "async")

_CLASSES: Final = ("TableAggregate", "DirectAggregate")
_READS: Final = {
    "count": "btree.aggregateBetween",
    "sum": "btree.aggregateBetween",
    "min": "btree.paginate",
    "max": "btree.paginate",
    "paginate": "btree.paginate",
    "iter": "btree.paginate",
}
_AFTER_ONE: Final = {"at": "btree.atOffset", "indexOf": "btree.offset", "indexOfDoc": "btree.offset"}
_BATCHES: Final = {
    "countBatch": "btree.aggregateBetweenBatch",
    "sumBatch": "btree.aggregateBetweenBatch",
    "atBatch": "btree.atOffsetBatch",
}


def _reading(of: str) -> tuple[Method, ...]:
    found = [Method(of, name, (Use(call, (("namespace", Given(1, "namespace")),)),)) for name, call in _READS.items()]
    found += [
        Method(of, name, (Use(call, (("namespace", Given(2, "namespace")),)),)) for name, call in _AFTER_ONE.items()
    ]
    found += [Method(of, name, (Use(call, (("queries", Given(1)),)),)) for name, call in _BATCHES.items()]
    random: tuple[tuple[str, Operand], ...] = (("namespace", Given(1, "namespace")),)
    found += [
        Method(of, "random", (Use("btree.aggregateBetween", random), Use("btree.atOffset", random))),
        Method(of, "offsetOf", (Use("btree.offset", (("namespace", Given(2)),)),)),
        Method(of, "offsetUntil", (Use("btree.offsetUntil", (("namespace", Given(2)),)),)),
        Method(of, "clear", (Use("public.clear", random),)),
        Method(of, "makeRootLazy", (Use("public.makeRootLazy", (("namespace", Given(1)),)),)),
        Method(of, "paginateNamespaces", (Use("btree.paginateNamespaces"),)),
        Method(of, "iterNamespaces", (Use("btree.paginateNamespaces"),)),
        Method(of, "clearAll", (Use("btree.paginateNamespaces"), Use("public.clear"))),
        Method(of, "makeAllRootsLazy", (Use("btree.paginateNamespaces"), Use("public.makeRootLazy"))),
    ]
    return tuple(found)


_TABLE_METHODS: Final = (
    Method("TableAggregate", "insert", _of_one("public.insert", _DOC, _ASYNC_2)),
    Method("TableAggregate", "delete", _of_one("public.delete_", _DOC, _ASYNC_2)),
    Method("TableAggregate", "deleteIfExists", _of_one("public.deleteIfExists", _DOC, _ASYNC_2)),
    Method("TableAggregate", "replace", _of_two("public.replace", _DOC, _NEXT, _ASYNC_3)),
    Method("TableAggregate", "insertIfDoesNotExist", _of_two("public.replaceOrInsert", _DOC, _DOC, _ASYNC_2)),
    Method("TableAggregate", "replaceOrInsert", _of_two("public.replaceOrInsert", _DOC, _NEXT, _ASYNC_3)),
    Method("TableAggregate", "enqueueBatch", (Use("public.enqueueBatch", (("operations", Given(1)),)),), since=_QUEUE),
)
_DIRECT_METHODS: Final = (
    Method("DirectAggregate", "insert", _change("public.insert", _DIRECT, _ASYNC_2)),
    Method("DirectAggregate", "delete", _change("public.delete_", _DIRECT, _ASYNC_2)),
    Method("DirectAggregate", "deleteIfExists", _change("public.deleteIfExists", _DIRECT, _ASYNC_2)),
    Method("DirectAggregate", "replace", _change("public.replace", _DIRECT_TWO, _ASYNC_3)),
    Method("DirectAggregate", "insertIfDoesNotExist", _change("public.replaceOrInsert", _DIRECT_SAME, _ASYNC_2)),
    Method("DirectAggregate", "replaceOrInsert", _change("public.replaceOrInsert", _DIRECT_TWO, _ASYNC_3)),
    Method("DirectAggregate", "enqueueBatch", (Use("public.enqueueBatch", (("operations", Given(1)),)),), since=_QUEUE),
)
_NEW_DOC, _OLD_DOC = Given(1, "newDoc"), Given(1, "oldDoc")


AGGREGATE: Final = Component(
    package="@convex-dev/aggregate",
    name="aggregate",
    checked=("0.1.16", "0.2.0", "0.2.2", "0.3.1"),
    tables=(
        Columns("btree", (("by_namespace", ("namespace",)),)),
        Columns("btreeNode"),
        Columns("pendingOperations", (("by_commitTs", ("commitTs",)),), since=_QUEUE),
        Columns("deadLetterOperations", (("by_commitTs", ("commitTs",)),), since=_QUEUE),
    ),
    calls=(
        *_both("public.insert", "mutation", _INSERT),
        *_both("public.delete_", "mutation", _INSERT),
        *_both("public.deleteIfExists", "mutation", _INSERT),
        *_both("public.replace", "mutation", _REPLACE),
        *_both("public.replaceOrInsert", "mutation", _REPLACE),
        *_both("public.clear", "mutation", _CLEAR),
        Call("public.init", "mutation", _CLEAR[3:], _PUBLIC),
        Call("public.makeRootLazy", "mutation", _LAZY, _PUBLIC),
        _queued("public.enqueue"),
        _queued("public.enqueueBatch"),
        Call(
            "worker.processBatch",
            "mutation",
            (
                Read("operations", "pendingOperations", "by_commitTs", (), "take"),
                Read("tree", "btree", "by_namespace", (), "unique"),
                Read("root", "btreeNode", bounds=(("_id", "eq", FieldOf("tree", "root")),)),
                Read("node", "btreeNode", bounds=(("_id", "eq", FieldOf("root", "subtrees[]")),)),
                Write("patch", "btreeNode", FieldOf("root", "subtrees[]")),
                Write("delete", "pendingOperations", FieldOf("operations", "_id")),
            ),
            _WORKER,
            since=_QUEUE,
        ),
        *(
            call
            for name in ("aggregateBetween", "atOffset", "atNegativeOffset", "offset", "offsetUntil", "paginate", "get")
            for call in _both(f"btree.{name}", "query", _COUNT)
        ),
        *_both("btree.aggregateBetweenBatch", "query", _LISTED),
        *_both("btree.atOffsetBatch", "query", _LISTED),
        *_both("btree.paginateNamespaces", "query", _SPACES),
        *_both("btree.validate", "query", _COUNT),
    ),
    classes=_CLASSES,
    methods=(*_TABLE_METHODS, *_DIRECT_METHODS, *(one for of in _CLASSES for one in _reading(of))),
    triggers=tuple(
        TriggerOf(
            "TableAggregate",
            name,
            insert=inserts,
            update=_of_two(update, _OLD_DOC, _NEW_DOC, Given(0, "async")),
            delete=_of_one(delete, _OLD_DOC, Given(0, "async")),
        )
        for name, inserts, update, delete in (
            ("trigger", _of_one("public.insert", _NEW_DOC, Given(0, "async")), "public.replace", "public.delete_"),
            (
                "idempotentTrigger",
                _of_two("public.replaceOrInsert", _NEW_DOC, _NEW_DOC, Given(0, "async")),
                "public.replaceOrInsert",
                "public.deleteIfExists",
            ),
        )
    ),
)
