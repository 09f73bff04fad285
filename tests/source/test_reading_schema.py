"""Schemas, however the files that declare them are cut."""

# A case of TypeScript stands on one line, however long it is.
# ruff: noqa: E501

import pytest
from tests.source.apps import function, read_app, writes

from contend.model.schema import Index

IMPORTS = 'import { defineSchema, defineTable } from "convex/server";\nimport { v } from "convex/values";\n'
TOUCH = """
import { mutation } from "./_generated/server";
import { v } from "convex/values";
export const touch = mutation({
  args: { id: v.id("messages") },
  handler: async (ctx, args) => {
    const message = await ctx.db.get(args.id);
    await ctx.db.patch(message!.room, { busy: true });
  },
});
"""
ROOM = 'defineTable({ busy: v.boolean() }).index("by_busy", ["busy"])'
MESSAGE = 'defineTable({ room: v.id("rooms"), body: v.string() })'

SPLIT = {
    "in one file": {
        "convex/schema.ts": IMPORTS + f"export default defineSchema({{ rooms: {ROOM}, messages: {MESSAGE} }});",
    },
    "in JavaScript": {
        "convex/schema.js": IMPORTS + f"export default defineSchema({{ rooms: {ROOM}, messages: {MESSAGE} }});",
    },
    "tables from other files": {
        "convex/tables/rooms.ts": IMPORTS + f"export const rooms = {ROOM};",
        "convex/tables/messages.ts": IMPORTS + f"export default {MESSAGE};",
        "convex/schema.ts": IMPORTS
        + 'import { rooms } from "./tables/rooms";\nimport messages from "./tables/messages";\n'
        + "export default defineSchema({ rooms, messages });",
    },
    "spread objects of tables": {
        "convex/chat/tables.ts": IMPORTS + f"export const chatTables = {{ rooms: {ROOM}, messages: {MESSAGE} }};",
        "convex/schema.ts": IMPORTS
        + 'import { chatTables } from "./chat/tables";\nexport default defineSchema({ ...chatTables });',
    },
    "tables held in a variable": {
        "convex/schema.ts": IMPORTS
        + f"const tables = {{ rooms: {ROOM}, messages: {MESSAGE} }};\n"
        + "const schema = defineSchema(tables, { schemaValidation: false });\nexport default schema;",
    },
    "spread of another schema's tables": {
        "convex/base.ts": IMPORTS + f"export default defineSchema({{ rooms: {ROOM} }});",
        "convex/schema.ts": IMPORTS
        + 'import base from "./base";\n'
        + f"export default defineSchema({{ ...base.tables, messages: {MESSAGE} }});",
    },
    "through an index file": {
        "convex/tables/rooms.ts": IMPORTS + f"export const rooms = {ROOM};",
        "convex/tables/messages.ts": IMPORTS + f"export const messages = {MESSAGE};",
        "convex/tables/index.ts": 'export * from "./rooms";\nexport { messages } from "./messages";',
        "convex/schema.ts": IMPORTS
        + 'import { rooms, messages } from "./tables";\nexport default defineSchema({ rooms, messages });',
    },
    "a namespace of tables": {
        "convex/tables.ts": IMPORTS + f"export const rooms = {ROOM};\nexport const messages = {MESSAGE};",
        "convex/schema.ts": IMPORTS
        + 'import * as tables from "./tables";\n'
        + "export default defineSchema({ rooms: tables.rooms, messages: tables.messages });",
    },
    "a namespace of tables, spread": {
        "convex/tables.ts": IMPORTS + f"export const rooms = {ROOM};\nexport const messages = {MESSAGE};",
        "convex/schema.ts": IMPORTS
        + 'import * as tables from "./tables";\nexport default defineSchema({ ...tables });',
    },
    "convex-helpers' Table": {
        "convex/schema.ts": IMPORTS
        + 'import { Table } from "convex-helpers/server";\n'
        + 'export const Rooms = Table("rooms", { busy: v.boolean() });\n'
        + 'export const Messages = Table("messages", { room: v.id("rooms"), body: v.string() });\n'
        + 'export default defineSchema({ rooms: Rooms.table.index("by_busy", ["busy"]), messages: Messages.table });',
    },
    "a validator as the table": {
        "convex/schema.ts": IMPORTS
        + 'export const message = v.object({ room: v.id("rooms"), body: v.string() });\n'
        + f"export default defineSchema({{ rooms: {ROOM}, messages: defineTable(message) }});",
    },
    "fields spread from a constant": {
        "convex/fields.ts": 'import { v } from "convex/values";\nexport const inRoom = { room: v.id("rooms") };',
        "convex/schema.ts": IMPORTS
        + 'import { inRoom } from "./fields";\n'
        + f"export default defineSchema({{ rooms: {ROOM}, messages: defineTable({{ ...inRoom, body: v.string() }}) }});",
    },
    "a shared validator constant": {
        "convex/fields.ts": 'import { v } from "convex/values";\nexport const roomId = v.id("rooms");',
        "convex/schema.ts": IMPORTS
        + 'import { roomId } from "./fields";\n'
        + f"export default defineSchema({{ rooms: {ROOM}, messages: defineTable({{ room: roomId, body: v.any() }}) }});",
    },
    "a function that makes tables": {
        "convex/schema.ts": IMPORTS
        + "function withBody(fields: any) { return defineTable({ ...fields, body: v.string() }); }\n"
        + f'export default defineSchema({{ rooms: {ROOM}, messages: withBody({{ room: v.id("rooms") }}) }});',
    },
    "convex-ents": {
        "convex/schema.ts": 'import { v } from "convex/values";\n'
        + 'import { defineEnt, defineEntSchema } from "convex-ents";\n'
        + 'export default defineEntSchema({ rooms: defineEnt({ busy: v.boolean() }).index("by_busy", ["busy"]), '
        + 'messages: defineEnt({ room: v.id("rooms"), body: v.string() }) });',
    },
    "namespaced imports": {
        "convex/schema.ts": 'import * as server from "convex/server";\nimport { v } from "convex/values";\n'
        + "export default server.defineSchema({ rooms: server.defineTable({ busy: v.boolean() })"
        + '.index("by_busy", ["busy"]), messages: server.defineTable({ room: v.id("rooms"), body: v.string() }) });',
    },
    "a union of shapes": {
        "convex/schema.ts": IMPORTS
        + f"export default defineSchema({{ rooms: {ROOM}, messages: defineTable(v.union("
        + 'v.object({ kind: v.literal("text"), room: v.id("rooms"), body: v.string() }), '
        + 'v.object({ kind: v.literal("image"), room: v.id("rooms"), body: v.bytes() }))) });',
    },
}


@pytest.mark.parametrize("files", SPLIT.values(), ids=SPLIT.keys())
def test_a_schema_says_the_same_however_it_is_cut(tmp_path, files):
    app = read_app(tmp_path, {**files, "convex/messages.ts": TOUCH})
    assert set(app.tables) == {"rooms", "messages"}
    assert all(table.declared for table in app.tables.values())
    assert app.tables["rooms"].indexes == (Index("by_busy", ("busy",)),)
    assert {"room", "body"} <= app.tables["messages"].fields.keys()
    assert app.tables["messages"].fields["room"].table == "rooms"
    assert writes(function(app, "messages:touch")) == ["patch rooms"]


def test_indexes_keep_their_fields_their_kind_and_whether_they_are_staged(tmp_path):
    schema = (
        IMPORTS
        + """
    const byPlan = ["plan"];
    export default defineSchema({
      orgs: defineTable({ plan: v.string(), name: v.string(), embedding: v.array(v.float64()), owner: v.string() })
        .index("by_plan", byPlan)
        .index("by_plan_name", ["plan", "name"])
        .index("by_owner", { fields: ["owner"], staged: true })
        .searchIndex("search_name", { searchField: "name", filterFields: ["plan"] })
        .searchIndex("search_owner", { searchField: "owner", staged: true })
        .vectorIndex("by_embedding", { vectorField: "embedding", dimensions: 3, filterFields: ["owner"] }),
    });
    """
    )
    assert read_app(tmp_path, {"convex/schema.ts": schema}).tables["orgs"].indexes == (
        Index("by_plan", ("plan",)),
        Index("by_plan_name", ("plan", "name")),
        Index("by_owner", ("owner",), staged=True),
        Index("search_name", ("name", "plan"), "search"),
        Index("search_owner", ("owner",), "search", staged=True),
        Index("by_embedding", ("embedding", "owner"), "vector"),
    )


@pytest.mark.parametrize(
    ("written", "kind"),
    [
        ("v.string()", "string"),
        ("v.number()", "number"),
        ("v.float64()", "number"),
        ("v.int64()", "bigint"),
        ("v.bigint()", "bigint"),
        ("v.boolean()", "boolean"),
        ("v.bytes()", "bytes"),
        ("v.null()", "null"),
        ("v.any()", "any"),
        ('v.literal("on")', "literal"),
        ('v.id("users")', "id"),
        ("v.object({ a: v.string() })", "object"),
        ("v.array(v.string())", "array"),
        ("v.record(v.string(), v.number())", "record"),
        ('v.union(v.literal("on"), v.literal("off"))', "union"),
        ("v.optional(v.number())", "number"),
    ],
)
def test_a_validator_gives_the_type_of_a_field(tmp_path, written, kind):
    schema = IMPORTS + f"export default defineSchema({{ things: defineTable({{ field: {written} }}) }});"
    field = read_app(tmp_path, {"convex/schema.ts": schema}).tables["things"].fields["field"]
    assert field.kind == kind
    assert field.optional == ("optional" in written)


def test_tables_of_convex_auth_come_with_their_fields_and_indexes(tmp_path):
    schema = (
        IMPORTS
        + 'import { authTables } from "@convex-dev/auth/server";\n'
        + "export default defineSchema({ ...authTables, notes: defineTable({ body: v.string() }) });"
    )
    tables = read_app(tmp_path, {"convex/schema.ts": schema}).tables
    assert {"users", "authSessions", "authAccounts", "authRefreshTokens", "notes"} <= tables.keys()
    assert tables["authSessions"].library == "@convex-dev/auth"
    assert tables["authSessions"].fields["userId"].table == "users"
    assert tables["authSessions"].index("userId") == Index("userId", ("userId",))
    assert tables["notes"].library is None


def test_a_table_of_a_library_can_be_declared_again(tmp_path):
    schema = (
        IMPORTS
        + 'import { authTables } from "@convex-dev/auth/server";\n'
        + "export default defineSchema({ ...authTables, users: defineTable({ nick: v.string() })"
        + '.index("by_nick", ["nick"]) });'
    )
    users = read_app(tmp_path, {"convex/schema.ts": schema}).tables["users"]
    assert set(users.fields) == {"nick"}
    assert users.indexes == (Index("by_nick", ("nick",)),)


def test_without_a_schema_the_tables_are_those_that_code_names(tmp_path):
    app = read_app(
        tmp_path,
        {
            "convex/schema.test.ts": "",
            "convex/notes.ts": 'import { mutation } from "./_generated/server";\n'
            'import { v } from "convex/values";\n'
            'export const add = mutation({ args: { id: v.id("notes") }, handler: async (ctx, args) => {\n'
            '  await ctx.db.insert("logs", {});\n  await ctx.db.patch(args.id, { read: true });\n} });',
        },
    )
    assert app.schema_file is None
    assert {name: table.declared for name, table in app.tables.items()} == {"logs": False, "notes": False}
    assert writes(function(app, "notes:add")) == ["insert logs", "patch notes"]
