import { v } from 'convex/values';
import { internalMutation, mutation, query, type QueryCtx } from './_generated/server';

const CLEANUP_BATCH = 200;
const TOUCH_INTERVAL_MS = 30_000;

function findSession(ctx: QueryCtx, sessionId: string) {
	return ctx.db
		.query('sessions')
		.withIndex('by_session', (q) => q.eq('sessionId', sessionId))
		.unique();
}

/** The id of the user who owns the session; throws when it is unknown. */
export async function requireUserId(ctx: QueryCtx, sessionId: string) {
	const session = await findSession(ctx, sessionId);
	if (!session) throw new Error('Not logged in');
	return session.userId;
}

export const getSession = query({
	args: { sessionId: v.string() },
	handler: async (ctx, { sessionId }) => {
		const session = await findSession(ctx, sessionId);
		if (!session) return null;
		const user = await ctx.db.get(session.userId);
		if (!user) return null;
		return { userId: user._id, name: user.name, expiresAt: session.expiresAt };
	}
});

export const createSession = mutation({
	args: {
		sessionId: v.string(),
		email: v.string(),
		accessCode: v.string(),
		expiresAt: v.number()
	},
	handler: async (ctx, { sessionId, email, accessCode, expiresAt }) => {
		const user = await ctx.db
			.query('users')
			.withIndex('by_email', (q) => q.eq('email', email))
			.unique();
		if (!user || user.accessCode !== accessCode) return false;

		await ctx.db.insert('sessions', {
			sessionId,
			userId: user._id,
			expiresAt,
			lastSeenAt: Date.now()
		});
		return true;
	}
});

export const touchSession = mutation({
	args: {
		sessionId: v.string(),
		seenAt: v.number(),
		ipAddress: v.optional(v.string()),
		userAgent: v.optional(v.string())
	},
	handler: async (ctx, { sessionId, seenAt, ipAddress, userAgent }) => {
		const session = await findSession(ctx, sessionId);
		if (!session) return null;

		const seenRecently = seenAt - session.lastSeenAt < TOUCH_INTERVAL_MS;
		const sameClient = session.ipAddress === ipAddress && session.userAgent === userAgent;
		if (seenRecently && sameClient) return null;

		await ctx.db.patch(session._id, {
			lastSeenAt: seenAt,
			ipAddress: ipAddress ?? session.ipAddress,
			userAgent: userAgent ?? session.userAgent
		});
		return null;
	}
});

export const endSession = mutation({
	args: { sessionId: v.string() },
	handler: async (ctx, { sessionId }) => {
		const session = await findSession(ctx, sessionId);
		if (session) await ctx.db.delete(session._id);
		return null;
	}
});

export const deleteExpired = internalMutation({
	args: {},
	handler: async (ctx) => {
		const expired = await ctx.db
			.query('sessions')
			.withIndex('by_expiry', (q) => q.lt('expiresAt', Date.now()))
			.take(CLEANUP_BATCH);
		for (const session of expired) {
			await ctx.db.delete(session._id);
		}
		return expired.length;
	}
});
