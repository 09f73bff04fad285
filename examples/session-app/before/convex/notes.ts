import { v } from 'convex/values';
import { mutation, query } from './_generated/server';
import { requireUserId } from './sessions';

export const list = query({
	args: { sessionId: v.string(), archived: v.boolean() },
	handler: async (ctx, { sessionId, archived }) => {
		const userId = await requireUserId(ctx, sessionId);
		return ctx.db
			.query('notes')
			.withIndex('by_user', (q) => q.eq('userId', userId).eq('archived', archived))
			.order('desc')
			.take(100);
	}
});

export const add = mutation({
	args: { sessionId: v.string(), text: v.string() },
	handler: async (ctx, { sessionId, text }) => {
		const userId = await requireUserId(ctx, sessionId);
		return ctx.db.insert('notes', { userId, text, archived: false });
	}
});

export const setArchived = mutation({
	args: { sessionId: v.string(), noteId: v.id('notes'), archived: v.boolean() },
	handler: async (ctx, { sessionId, noteId, archived }) => {
		const userId = await requireUserId(ctx, sessionId);
		const note = await ctx.db.get(noteId);
		if (!note || note.userId !== userId) throw new Error('No such note');
		await ctx.db.patch(noteId, { archived });
		return null;
	}
});
