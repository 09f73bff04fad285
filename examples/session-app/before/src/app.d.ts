import type { RequestSession } from '$lib/server/auth/session';

declare global {
	namespace App {
		interface Locals {
			session: RequestSession | null;
		}
	}
}

export {};
