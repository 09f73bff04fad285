import { defineSchema, defineTable } from "convex/server";
import { v } from "convex/values";

export const step = v.union(v.literal("welcome"), v.literal("boat"), v.literal("harbor"));

export default defineSchema({
  users: defineTable({
    tokenIdentifier: v.string(),
    email: v.string(),
    name: v.string(),
    boatName: v.optional(v.string()),
    harbor: v.optional(v.string()),
    // When each step of the onboarding was done.
    steps: v.object({
      welcome: v.optional(v.number()),
      boat: v.optional(v.number()),
      harbor: v.optional(v.number()),
    }),
    finishedAt: v.optional(v.number()),
    remindedAt: v.optional(v.number()),
    contactId: v.optional(v.string()),
  })
    .index("by_token", ["tokenIdentifier"])
    .index("by_progress", ["finishedAt", "remindedAt"]),

  events: defineTable({
    userId: v.id("users"),
    name: v.string(),
  }).index("by_user", ["userId"]),
});
