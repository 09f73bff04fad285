"use node";

import { v } from "convex/values";
import { internal } from "./_generated/api";
import { internalAction } from "./_generated/server";

async function post(path: string, body: Record<string, unknown>): Promise<{ id: string }> {
  const response = await fetch(new URL(path, process.env.CRM_URL), {
    method: "POST",
    headers: { "content-type": "application/json", authorization: `Bearer ${process.env.CRM_TOKEN}` },
    body: JSON.stringify(body),
  });
  if (!response.ok) throw new Error(`The CRM answered ${response.status} to ${path}`);
  return (await response.json()) as { id: string };
}

export const syncContact = internalAction({
  args: { userId: v.id("users") },
  handler: async (ctx, { userId }): Promise<null> => {
    const user = await ctx.runQuery(internal.users.get, { userId });
    if (!user) return null;

    const contact = await post("/contacts", {
      email: user.email,
      name: user.name,
      boat: user.boatName,
      harbor: user.harbor,
    });
    await ctx.runMutation(internal.users.linkContact, { userId, contactId: contact.id });
    return null;
  },
});

export const sendReminder = internalAction({
  args: { email: v.string() },
  handler: async (_ctx, { email }): Promise<null> => {
    await post("/messages", { to: email, template: "finish-setting-up" });
    return null;
  },
});
