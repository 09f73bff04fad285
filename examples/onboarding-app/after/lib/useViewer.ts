import { useQuery } from "convex/react";
import { api } from "@/convex/_generated/api";

/** The signed-in user. `viewer` is undefined while loading and null when nobody is signed in. */
export function useViewer() {
  const viewer = useQuery(api.users.viewer);
  return { viewer, isLoading: viewer === undefined };
}
