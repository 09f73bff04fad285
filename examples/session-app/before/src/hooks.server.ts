import { redirect, type Handle } from '@sveltejs/kit';
import { sequence } from '@sveltejs/kit/hooks';
import { resolveRequestSession } from '$lib/server/auth/session';

const PUBLIC_ROUTES = new Set(['/login']);

const loadSession: Handle = async ({ event, resolve }) => {
	event.locals.session = await resolveRequestSession(event);
	return resolve(event);
};

const requireLogin: Handle = async ({ event, resolve }) => {
	if (!event.locals.session && !PUBLIC_ROUTES.has(event.url.pathname)) {
		redirect(303, '/login');
	}
	return resolve(event);
};

const securityHeaders: Handle = async ({ event, resolve }) => {
	const response = await resolve(event);
	response.headers.set('x-frame-options', 'DENY');
	response.headers.set('referrer-policy', 'same-origin');
	return response;
};

export const handle = sequence(loadSession, requireLogin, securityHeaders);
