import { cronJobs } from "convex/server";
import { internal } from "./_generated/api";

const crons = cronJobs();

crons.daily("remind stalled sign-ups", { hourUTC: 8, minuteUTC: 30 }, internal.onboarding.remindStalled, {});

export default crons;
