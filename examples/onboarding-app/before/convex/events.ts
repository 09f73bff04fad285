import type { Id } from "./_generated/dataModel";
import { query, type MutationCtx } from "./_generated/server";
import { currentUser } from "./users";

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
