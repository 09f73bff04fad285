"use client";

import { useMutation } from "convex/react";
import { useRouter } from "next/navigation";
import { useEffect, useState, type FormEvent } from "react";
import { api } from "@/convex/_generated/api";
import { useViewer } from "@/lib/useViewer";

export default function OnboardingPage() {
  const router = useRouter();
  const { viewer } = useViewer();
  const updateStep = useMutation(api.onboarding.updateStep);
  const finish = useMutation(api.onboarding.finish);
  const [boatName, setBoatName] = useState("");
  const [harbor, setHarbor] = useState("");
  const [saving, setSaving] = useState(false);

  useEffect(() => {
    if (!viewer) return;
    void updateStep({ step: "welcome" });
  }, [viewer, updateStep]);

  async function handleSubmit(event: FormEvent) {
    event.preventDefault();
    setSaving(true);
    try {
      await updateStep({ step: "boat", boatName });
      await updateStep({ step: "harbor", harbor });
      await finish();
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
