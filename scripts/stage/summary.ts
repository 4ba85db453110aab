import { columns } from './columns.ts';
import { readEstate } from './estate.ts';
import type { Narrator } from './narrator.ts';
import { endpointsOf, servedFor, short } from './sites.ts';
import type { Stage } from './stage.ts';

export interface Verdict {
  name: string;
  good: boolean;
  seconds: number;
  text: string;
}

/** Two small tables: the steps, and what is served at the end by our own handshake beside the collector's word. */
export async function showSummary(stage: Stage, narrator: Narrator, verdicts: Verdict[]): Promise<void> {
  narrator.title('At the end');
  const steps = verdicts.map(({ name, good, seconds }) => [
    name,
    good ? 'proved' : 'FAILED',
    `${seconds.toFixed(1)} s`,
  ]);
  for (const line of columns([['STEP', 'VERDICT', 'TIME'], ...steps])) narrator.plain(`  ${line}`);
  narrator.plain('');
  const estate = await readEstate(stage.collector.webAddress).catch(() => undefined);
  const rows = await Promise.all(
    endpointsOf(stage.exhibits).map(async ({ serverName, exhibit: { port, algorithm }, exhibit }) => {
      const view = estate?.endpoints.find(
        (endpoint) => endpoint.serverName === serverName && endpoint.port === port && endpoint.algorithm === algorithm,
      );
      const seen = await servedFor(exhibit, serverName).catch(() => undefined);
      return [`${serverName}:${port}`, algorithm, seen ? short(seen) : 'none', view?.status ?? 'not there'];
    }),
  );
  for (const line of columns([['ENDPOINT', 'KEY', 'HANDSHAKE', 'COLLECTOR SAYS'], ...rows]))
    narrator.plain(`  ${line}`);
  narrator.plain('');
}
