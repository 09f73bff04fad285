"""React components for the tests of callers: an app with a few functions and one panel that calls them."""

from __future__ import annotations

from tests.source.apps import SERVER, read_app

API = 'import { api } from "../convex/_generated/api";\n'
REACT = 'import { useMutation, useAction, useQuery, useConvex } from "convex/react";\n' + (
    "import { createContext, useCallback, useContext, useEffect, useLayoutEffect, useMemo, useRef, useState } "
    'from "react";\n'
) + API  # fmt: skip
FUNCTIONS = """
export const me = query(async (ctx) => ctx.db.query("users").first());
export const list = query(async (ctx) => ctx.db.query("users").collect());
export const touch = mutation({ args: { n: v.optional(v.number()) }, handler: async (ctx) => {} });
export const save = mutation({ args: {}, handler: async (ctx) => {} });
export const run = action(async (ctx) => {});
"""


def read(root, files):
    """An app with the functions above; a single text is a component's file."""
    if isinstance(files, str):
        files = {"src/Panel.tsx": REACT + files}
    return read_app(root, {"convex/users.ts": SERVER + FUNCTIONS, **files})


HOOK = "const touch = useMutation(api.users.touch);"


def panel(body: str, jsx: str = "<p />") -> str:
    return f"export function Panel(props) {{ {HOOK}\n{body}\nreturn {jsx}; }}"
