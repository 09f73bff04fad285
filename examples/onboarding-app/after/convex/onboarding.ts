import { v } from "convex/values";
import { internal } from "./_generated/api";
import { internalMutation, mutation } from "./_generated/server";
import { record } from "./events";
import { step } from "./schema";
import { requireUser } from "./users";

const DAY_MS = 24 * 60 * 60 * 1000;
const REMINDER_BATCH = 50;

export const completeSteps = mutation({
  args: {
    steps: v.array(step),
    boatName: v.optional(v.string()),
    harbor: v.optional(v.string()),
    finish: v.optional(v.boolean()),
  },
  handler: async (ctx, args) => {
    const user = await requireUser(ctx);
    const open = args.steps.filter((name) => user.steps[name] === undefined);
    const finishing = args.finish === true && user.finishedAt === undefined;
    if (open.length === 0 && !finishing) return null;

    const now = Date.now();
    await ctx.db.patch(user._id, {
      boatName: args.boatName ?? user.boatName,
      harbor: args.harbor ?? user.harbor,
      steps: { ...user.steps, ...Object.fromEntries(open.map((name) => [name, now])) },
      finishedAt: finishing ? now : user.finishedAt,
    });
    for (const name of open) {
      await record(ctx, user._id, `onboarding.${name}`);
    }
    if (finishing) {
      await record(ctx, user._id, "onboarding.finished");
      await ctx.scheduler.runAfter(0, internal.crm.syncContact, { userId: user._id });
    }
    return null;
  },
});

export const remindStalled = internalMutation({
  args: {},
  handler: async (ctx) => {
    const now = Date.now();
    const stalled = await ctx.db
      .query("users")
      .withIndex("by_progress", (q) => q.eq("finishedAt", undefined).eq("remindedAt", undefined))
      .take(REMINDER_BATCH);
    for (const user of stalled) {
      if (now - user._creationTime < DAY_MS) continue;
      await ctx.db.patch(user._id, { remindedAt: now });
      await ctx.scheduler.runAfter(0, internal.crm.sendReminder, { email: user.email });
    }
    return null;
  },
});
