import type { Child } from '../../test/helpers/testbed/children.ts';
import { until } from '../../test/helpers/testbed/until.ts';
import { eventsSince, provedAt, readEstate } from './estate.ts';
import type { Narrator } from './narrator.ts';
import { type Exhibit, servedFor, short } from './sites.ts';
import type { Stage } from './stage.ts';

interface Expected {
  exhibit: Exhibit;
  fingerprint: string;
  /** Milliseconds since 1970; the deployment is younger. */
  since: number;
  deadlineMs?: number;
}

/**
 * Waits until our own handshakes see this certificate for every name of the exhibit, and the collector has the
 * agent's deployment event and calls the endpoints proved. Returns how long the event says it took, in words.
 */
export async function deployed(stage: Stage, narrator: Narrator, expected: Expected): Promise<string> {
  await served(stage, narrator, expected);
  return proved(stage, narrator, expected);
}

/** The half that is seen by handshakes alone. */
export async function served(
  { agent }: Stage,
  narrator: Narrator,
  { exhibit, fingerprint, deadlineMs }: Expected,
): Promise<void> {
  await narrator.during(
    `waiting for clients to be shown ${short(fingerprint)}`,
    () =>
      until(
        `${exhibit.lineage} is served as ${short(fingerprint)}`,
        async () => {
          const shown = await Promise.all(exhibit.identifiers.map((name) => servedFor(exhibit, name)));
          return shown.every((one) => one === fingerprint);
        },
        { deadlineMs: deadlineMs ?? 20_000, hopeless: ended(agent) },
      ),
    () => `own handshake: ${exhibit.identifiers[0]} is served with ${short(fingerprint)}`,
  );
}

/** The half that is read from the collector. */
export async function proved(stage: Stage, narrator: Narrator, expected: Expected): Promise<string> {
  const { exhibit, fingerprint, since, deadlineMs = 20_000 } = expected;
  const event = await narrator.during(
    'waiting for the collector to say so',
    () =>
      until(
        `the collector calls ${exhibit.lineage} proved with ${short(fingerprint)}, and has the event`,
        async () => {
          const estate = await readEstate(stage.collector.webAddress);
          const everywhere = exhibit.identifiers.every((serverName) =>
            provedAt(estate, { serverName, port: exhibit.port, algorithm: exhibit.algorithm }, fingerprint),
          );
          return everywhere && eventsSince(estate, 'deployment', since).find(({ ok }) => ok);
        },
        { deadlineMs, everyMs: 50, hopeless: ended(stage.agent) },
      ),
    (one) => `the collector calls it proved; event ${one.seq}: ${one.summary}`,
  );
  const took = event.steps.reduce((sum, { durationMs }) => sum + durationMs, 0);
  return `the agent reloaded and proved it in ${(took / 1000).toFixed(1)} s`;
}

/** Why there is no use in waiting for the agent. */
export function ended(agent: Child): () => string | undefined {
  return () => (agent.running() ? undefined : 'the agent has ended');
}
