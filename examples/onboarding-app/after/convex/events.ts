import type { Id } from "./_generated/dataModel";
import { internalMutation, query, type MutationCtx } from "./_generated/server";
import { currentUser } from "./users";

const KEEP_MS = 90 * 24 * 60 * 60 * 1000;
const CLEANUP_BATCH = 500;

export async function record(ctx: MutationCtx, userId: Id<"users">, name: string) {
  await ctx.db.insert("events", { userId, name });
}

export const recent = query({
  args: {},
  handler: async (ctx) => {
    const user = await currentUser(ctx);
    if (!user) return [];
    return ctx.db
      .query("events")
      .withIndex("by_user", (q) => q.eq("userId", user._id))
      .order("desc")
      .take(20);
  },
});

export const deleteOld = internalMutation({
  args: {},
  handler: async (ctx) => {
    const old = await ctx.db
      .query("events")
      .withIndex("by_creation_time", (q) => q.lt("_creationTime", Date.now() - KEEP_MS))
      .take(CLEANUP_BATCH);
    for (const event of old) {
      await ctx.db.delete(event._id);
    }
    return null;
  },
});
