import { useMemo } from 'preact/hooks';
import type { EventView } from '../../serve/estate.ts';
import { useFetched } from './fetched.ts';

/** Events that are asked for when a host is opened. */
const asked = 200;

/** A host's newest events: those kept, and those that come while the page is open. Newest first. */
export function useHostEvents(agentId: string, live: readonly EventView[]): readonly EventView[] {
  const path = `/api/v1/events?host=${encodeURIComponent(agentId)}&limit=${asked}`;
  const fetched = useFetched(path, eventsIn);
  const kept = fetched?.ok === true ? fetched.value : none;
  return useMemo(() => {
    const own = [...live, ...kept].filter((event) => event.agentId === agentId);
    const once = new Map(own.map((event) => [JSON.stringify([event.epoch, event.seq]), event]));
    return [...once.values()].sort((left, right) => (left.receivedAt < right.receivedAt ? 1 : -1));
  }, [agentId, live, kept]);
}

const none: readonly EventView[] = [];

async function eventsIn(response: Response): Promise<readonly EventView[]> {
  const { items }: { items: EventView[] } = await response.json();
  return items;
}
