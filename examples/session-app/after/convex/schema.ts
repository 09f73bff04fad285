import { defineSchema, defineTable } from 'convex/server';
import { v } from 'convex/values';

export default defineSchema({
	users: defineTable({
		email: v.string(),
		name: v.string(),
		accessCode: v.string()
	}).index('by_email', ['email']),

	sessions: defineTable({
		sessionId: v.string(),
		userId: v.id('users'),
		expiresAt: v.number(),
		lastSeenAt: v.number(),
		ipAddress: v.optional(v.string()),
		userAgent: v.optional(v.string())
	})
		.index('by_session', ['sessionId'])
		.index('by_expiry', ['expiresAt']),

	notes: defineTable({
		userId: v.id('users'),
		text: v.string(),
		archived: v.boolean()
	}).index('by_user', ['userId', 'archived'])
});
