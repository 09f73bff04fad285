import { cronJobs } from "convex/server";
import { internal } from "./_generated/api";

const crons = cronJobs();

crons.daily("remind stalled sign-ups", { hourUTC: 8, minuteUTC: 30 }, internal.onboarding.remindStalled, {});
crons.interval("delete old events", { hours: 6 }, internal.events.deleteOld, {});

export default crons;
