import { cronJobs } from 'convex/server';
import { internal } from './_generated/api';

const crons = cronJobs();

crons.interval('delete expired sessions', { hours: 1 }, internal.sessions.deleteExpired, {});

export default crons;
