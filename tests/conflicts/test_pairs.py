"""Which reads and writes make a pair."""

from tests.conflicts.build import (
    FRESH,
    ME,
    NOW,
    app,
    arg,
    calls,
    const,
    eq,
    field,
    function,
    get,
    identifier,
    index,
    insert,
    patch,
    read,
    table,
    write,
)

from contend.conflicts import derive_pairs, interval_in_words
from contend.model.callers import Caller
from contend.model.findings import Sharing
from contend.model.functions import Function
from contend.model.values import Origin, Value

ROOMS = table("rooms", index("by_slug", "slug"), index("by_plan", "plan"))
MESSAGES = table("messages", index("by_room", "room"), index("by_state", "state"), index("later", "room", staged=True))
USERS = table("users", index("by_subject", "subject"))


def pairs(*functions: Function) -> set[tuple[str, str]]:
    """(victim, writer) of every pair, by the functions' names."""
    found = derive_pairs(app([ROOMS, MESSAGES, USERS], functions)).all
    return {(pair.victim.split(":")[1], pair.writer.split(":")[1]) for pair in found}


def test_a_patch_reads_what_it_writes_so_it_meets_itself() -> None:
    """Whatever fields the two calls touch: `patch` reads the document."""
    rename = function("m:rename", patch("rooms", arg("room"), name=arg("name")))
    stamp = function("m:stamp", patch("rooms", arg("id"), seenAt=NOW))
    assert pairs(rename, stamp) == {("rename", "rename"), ("rename", "stamp"), ("stamp", "rename"), ("stamp", "stamp")}


def test_inserts_never_meet_inserts() -> None:
    assert pairs(function("m:send", insert("messages", room=arg("room")))) == set()


def test_an_insert_enters_ranges_but_no_points() -> None:
    send = function("m:send", insert("messages", room=arg("room")))
    one = function("m:one", get("messages", arg("id")), insert("rooms"))
    every = function("m:every", read("messages", "by_room", eq("room", arg("room"))), insert("rooms"))
    assert pairs(send, one, every) == {("every", "send")}


def test_constants_that_differ_never_meet() -> None:
    queue = function("m:queue", insert("messages", state=const("pending")))
    running = function("m:running", read("messages", "by_state", eq("state", const("running"))), insert("rooms"))
    pending = function("m:pending", read("messages", "by_state", eq("state", const("pending"))), insert("rooms"))
    assert pairs(queue, running, pending) == {("pending", "queue")}


def test_a_patch_enters_with_its_old_key_too() -> None:
    """A document that leaves a range changes what the range holds, and so does one whose other fields change."""
    finish = function("m:finish", patch("messages", arg("id"), state=const("done")))
    rename = function("m:rename", patch("messages", arg("id"), text=arg("text")))
    running = function("m:running", read("messages", "by_state", eq("state", const("running"))), insert("rooms"))
    assert {("running", "finish"), ("running", "rename")} <= pairs(finish, rename, running)


def test_the_old_key_is_known_where_the_writer_found_the_row_by_it() -> None:
    take = function(
        "m:take",
        read("messages", "by_state", eq("state", const("pending")), reach="first", row="m"),
        patch("messages", field("m", "_id", "messages"), row="m", state=const("running")),
    )
    done = function("m:done", read("messages", "by_state", eq("state", const("done"))), insert("rooms"))
    running = function("m:running", read("messages", "by_state", eq("state", const("running"))), insert("rooms"))
    assert {pair for pair in pairs(take, done, running) if pair[0] != "take"} == {("running", "take")}


def test_an_insert_without_the_field_has_it_undefined() -> None:
    send = function("m:send", insert("messages", room=arg("room")))
    states = function("m:states", read("messages", "by_state", eq("state", const("pending"))), insert("rooms"))
    assert pairs(send, states) == set()


def test_a_delete_enters_with_its_old_key_only() -> None:
    remove = function("m:remove", write("delete", "messages", arg("id")))
    every = function("m:every", read("messages", "by_room", eq("room", arg("room"))), insert("rooms"))
    assert ("every", "remove") in pairs(remove, every)


def test_arguments_and_identities_of_two_calls_may_be_equal() -> None:
    mine = function("m:mine", read("users", "by_subject", eq("subject", ME), reach="first", row="u"), insert("rooms"))
    admin = function("m:admin", patch("users", arg("user"), plan=arg("plan")))
    assert ("mine", "admin") in pairs(mine, admin)


def test_a_fresh_row_is_met_by_nobody() -> None:
    create = function("m:create", insert("rooms"), patch("rooms", FRESH, name=arg("name")))
    assert pairs(create) == set()


def test_a_staged_index_takes_no_part() -> None:
    send = function("m:send", insert("messages", room=arg("room")))
    later = function("m:later", read("messages", "later", eq("room", arg("room"))), insert("rooms"))
    assert pairs(send, later) == set()


def test_stale_reads_record_nothing() -> None:
    found = read("messages", "by_room", eq("room", arg("room")))
    stale = type(found)(found.operation, found.tables, found.span, 0, found.index, found.keys, found.extent, stale=True)
    send = function("m:send", insert("messages", room=arg("room")))
    assert pairs(send, function("m:count", stale, insert("rooms"))) == set()


def test_queries_are_invalidated_never_in_conflict() -> None:
    shown = function("m:shown", read("messages", "by_room", eq("room", arg("room"))), kind="query")
    inner = function("m:inner", read("messages", "by_room"), kind="query", internal=True)
    send = function("m:send", insert("messages", room=arg("room")))
    found = list(derive_pairs(app([MESSAGES], [shown, inner, send])).all)
    assert [(pair.victim, pair.kind) for pair in found] == [("m:shown", "invalidation")]


def test_a_mutation_that_writes_nothing_is_a_victim_only_where_it_is_checked() -> None:
    """Over a WebSocket it writes its session record; over HTTP it is read-only."""
    check = function("m:check", read("messages", "by_room", eq("room", arg("room"))))
    send = function("m:send", insert("messages", room=arg("room")))

    def victims(*callers: Caller) -> set[str]:
        return {pair.victim for pair in derive_pairs(app([MESSAGES], [check, send], callers)).all}

    assert victims(calls("m:check", "event", "websocket")) == {"m:check"}
    assert victims(calls("m:check", "scheduler", "scheduler")) == {"m:check"}
    assert victims(calls("m:check", "server-request", "http")) == set()


def test_a_table_that_only_code_knows_still_has_pairs() -> None:
    bump = function(
        "m:bump", read("votes", None, reach="first", row="v"), patch("votes", field("v", "_id", "votes"), row="v")
    )
    assert pairs(bump) == {("bump", "bump")}


def test_one_of_several_values_may_be_equal() -> None:
    either = Value(Origin.COMPUTED, "x", op="any", parts=(const("pending"), const("done")))
    queue = function("m:queue", insert("messages", state=either))
    done = function("m:done", read("messages", "by_state", eq("state", const("done"))), insert("rooms"))
    running = function("m:running", read("messages", "by_state", eq("state", const("running"))), insert("rooms"))
    assert pairs(queue, done, running) == {("done", "queue")}


def test_only_calls_of_one_tab_share_a_connection() -> None:
    tabs = table("presence", index("by_tab", "tabId"))
    beat = function(
        "m:beat",
        read("presence", "by_tab", eq("tabId", arg("sessionTabId")), reach="first", row="p"),
        patch("presence", field("p", "_id", "presence"), row="p", at=NOW),
    )
    found = derive_pairs(app([tabs], [beat], [calls("m:beat", "timer")]))
    assert {pair.sharing for pair in found.all} == {Sharing.SESSION}
    assert all(pair.same_socket for pair in found.all)
    over_http = derive_pairs(app([tabs], [beat], [calls("m:beat", "server-request", "http")]))
    assert not any(pair.same_socket for pair in over_http.all)


def test_a_user_has_several_tabs_so_his_calls_can_meet() -> None:
    mine = function(
        "m:mine", read("users", "by_subject", eq("subject", ME), reach="first", row="u"), patch("users", ME, row="u")
    )
    found = derive_pairs(app([USERS], [mine], [calls("m:mine", "event")]))
    assert not any(pair.same_socket for pair in found.all)


def test_pairs_are_found_by_victim_writer_and_access() -> None:
    shown = function("m:shown", get("rooms", arg("room")), kind="query")
    rename = function("m:rename", patch("rooms", arg("room"), name=arg("name")), room=identifier("rooms"))
    index = derive_pairs(app([ROOMS], [shown, rename]))
    assert [pair.victim for pair in index.of_writer("m:rename")] == ["m:rename", "m:shown"]
    assert [pair.writer for pair in index.of_victim("m:shown")] == ["m:rename"]
    assert len(index.on_access("m:rename", 0)) == 2
    assert index.count == 2
    assert index.of_victim("m:unknown") == ()


def test_the_widest_interval_comes_first() -> None:
    sweep = function(
        "m:sweep", read("rooms", None, reach="whole", row="r"), patch("rooms", field("r", "_id", "rooms"), row="r")
    )
    rename = function("m:rename", patch("rooms", arg("room")), room=identifier("rooms"))
    found = derive_pairs(app([ROOMS], [rename, sweep])).of_victim("m:sweep")
    assert found[0].sharing is Sharing.EVERYONE


def test_an_interval_in_words() -> None:
    assert interval_in_words(read("rooms", "by_slug", eq("slug", arg("slug")))) == "by_slug, slug = args.slug"
    assert (
        interval_in_words(read("rooms", None, reach="first")) == "by_creation_time, from its start to the first match"
    )
    assert interval_in_words(read("rooms", None, reach="whole")) == "by_creation_time, all of it"
