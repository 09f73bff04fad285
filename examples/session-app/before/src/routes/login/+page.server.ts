import { fail, redirect } from '@sveltejs/kit';
import { logIn, logOut } from '$lib/server/auth/session';
import type { Actions } from './$types';

export const actions: Actions = {
	login: async (event) => {
		const form = await event.request.formData();
		const email = String(form.get('email') ?? '').trim().toLowerCase();
		const accessCode = String(form.get('accessCode') ?? '');
		if (!(await logIn(event, email, accessCode))) {
			return fail(400, { email, message: 'That e-mail address and code do not match.' });
		}
		redirect(303, '/');
	},

	logout: async (event) => {
		await logOut(event);
		redirect(303, '/login');
	}
};
