import type { RequestEvent } from '@sveltejs/kit';
import { createSession, endSession, fetchSession, touchSession } from './session-store';

const SESSION_COOKIE = 'jotter_session';
const SESSION_LIFETIME_MS = 30 * 24 * 60 * 60 * 1000;

export interface RequestSession {
	sessionId: string;
	userId: string;
	name: string;
}

/** The session of this request, or null for a visitor who is not logged in. */
export async function resolveRequestSession(event: RequestEvent): Promise<RequestSession | null> {
	const sessionId = event.cookies.get(SESSION_COOKIE);
	if (!sessionId) return null;

	const now = Date.now();
	const record = await fetchSession(sessionId);
	if (!record || record.expiresAt <= now) {
		event.cookies.delete(SESSION_COOKIE, { path: '/' });
		return null;
	}

	await touchSession({
		sessionId,
		seenAt: now,
		ipAddress: event.getClientAddress(),
		userAgent: event.request.headers.get('user-agent')
	});

	return { sessionId, userId: record.userId, name: record.name };
}

/** Logs in with an e-mail address and access code; false when they do not match. */
export async function logIn(event: RequestEvent, email: string, accessCode: string): Promise<boolean> {
	const sessionId = crypto.randomUUID();
	const expiresAt = Date.now() + SESSION_LIFETIME_MS;
	const created = await createSession({ sessionId, email, accessCode, expiresAt });
	if (!created) return false;

	event.cookies.set(SESSION_COOKIE, sessionId, {
		path: '/',
		httpOnly: true,
		sameSite: 'lax',
		expires: new Date(expiresAt)
	});
	return true;
}

export async function logOut(event: RequestEvent): Promise<void> {
	const session = event.locals.session;
	if (session) await endSession(session.sessionId);
	event.cookies.delete(SESSION_COOKIE, { path: '/' });
}
