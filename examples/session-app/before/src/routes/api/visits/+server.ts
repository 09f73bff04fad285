import { json } from '@sveltejs/kit';
import type { RequestHandler } from './$types';

/** Forwards a page visit to the log, where the analytics job picks it up. */
export const POST: RequestHandler = async ({ request, locals }) => {
	const { path } = (await request.json()) as { path: string };
	console.log(JSON.stringify({ event: 'visit', path, userId: locals.session?.userId }));
	return json({ ok: true });
};
