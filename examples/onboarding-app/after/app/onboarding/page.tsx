"use client";

import { useMutation } from "convex/react";
import { useRouter } from "next/navigation";
import { useEffect, useState, type FormEvent } from "react";
import { api } from "@/convex/_generated/api";
import { useViewer } from "@/lib/useViewer";

export default function OnboardingPage() {
  const router = useRouter();
  const { viewer } = useViewer();
  const completeSteps = useMutation(api.onboarding.completeSteps);
  const [boatName, setBoatName] = useState("");
  const [harbor, setHarbor] = useState("");
  const [saving, setSaving] = useState(false);

  const isNew = viewer ? viewer.steps.welcome === undefined : false;

  useEffect(() => {
    if (!isNew) return;
    void completeSteps({ steps: ["welcome"] });
  }, [isNew, completeSteps]);

  async function handleSubmit(event: FormEvent) {
    event.preventDefault();
    setSaving(true);
    try {
      await completeSteps({ steps: ["boat", "harbor"], boatName, harbor, finish: true });
      router.push("/");
    } finally {
      setSaving(false);
    }
  }

  if (!viewer) return <p>Loading …</p>;

  return (
    <main>
      <h1>Welcome, {viewer.name}</h1>
      <p>{Object.keys(viewer.steps).length} of 3 steps done</p>
      <form onSubmit={handleSubmit}>
        <label>
          Name of your boat
          <input value={boatName} onChange={(event) => setBoatName(event.target.value)} required />
        </label>
        <label>
          Home harbor
          <input value={harbor} onChange={(event) => setHarbor(event.target.value)} required />
        </label>
        <button disabled={saving}>Finish</button>
      </form>
    </main>
  );
}
