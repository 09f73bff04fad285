"use client";

import { SignInButton } from "@clerk/nextjs";
import { useQuery } from "convex/react";
import Link from "next/link";
import { api } from "@/convex/_generated/api";
import { useViewer } from "@/lib/useViewer";

function Activity() {
  const events = useQuery(api.events.recent);
  return (
    <ul>
      {events?.map((event) => (
        <li key={event._id}>
          {event.name}, {new Date(event._creationTime).toLocaleString()}
        </li>
      ))}
    </ul>
  );
}

export default function Home() {
  const { viewer, isLoading } = useViewer();

  if (isLoading) return <p>Loading …</p>;
  if (!viewer) return <SignInButton />;

  return (
    <main>
      <h1>Ahoy, {viewer.name}</h1>
      {viewer.finishedAt === undefined && <Link href="/onboarding">Finish setting up</Link>}
      <Activity />
    </main>
  );
}
