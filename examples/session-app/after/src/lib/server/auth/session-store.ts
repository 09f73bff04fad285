import { PUBLIC_CONVEX_URL } from '$env/static/public';
import { ConvexHttpClient } from 'convex/browser';

// Function paths are strings here, so the auth code builds before `convex codegen` has run.
type Call = <Result>(path: string, args: Record<string, unknown>) => Promise<Result>;

export interface SessionRecord {
	userId: string;
	name: string;
	expiresAt: number;
}

export interface NewSession {
	sessionId: string;
	email: string;
	accessCode: string;
	expiresAt: number;
}

export interface SessionTouch {
	sessionId: string;
	seenAt: number;
	ipAddress: string;
	userAgent: string | null;
}

// A client carries the credentials of its user, so requests never share one.
function createClient(): ConvexHttpClient {
	return new ConvexHttpClient(PUBLIC_CONVEX_URL);
}

export async function fetchSession(sessionId: string): Promise<SessionRecord | null> {
	const client = createClient();
	const query = client.query.bind(client) as unknown as Call;
	return query<SessionRecord | null>('sessions:getSession', { sessionId });
}

export async function createSession(session: NewSession): Promise<boolean> {
	const client = createClient();
	const mutation = client.mutation.bind(client) as unknown as Call;
	return mutation<boolean>('sessions:createSession', { ...session });
}

export async function touchSession(touch: SessionTouch): Promise<void> {
	const client = createClient();
	const mutation = client.mutation.bind(client) as unknown as Call;
	await mutation<null>('sessions:touchSession', {
		sessionId: touch.sessionId,
		seenAt: touch.seenAt,
		ipAddress: touch.ipAddress,
		userAgent: touch.userAgent ?? undefined
	});
}

export async function endSession(sessionId: string): Promise<void> {
	const client = createClient();
	const mutation = client.mutation.bind(client) as unknown as Call;
	await mutation<null>('sessions:endSession', { sessionId });
}
