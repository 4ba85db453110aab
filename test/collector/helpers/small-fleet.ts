import { until } from '../../helpers/testbed/until.ts';
import { certificate, endpoint, event, finding, snapshot, snapshotFrame } from './example-snapshot.ts';
import { startTestCollector, type TestCollector } from './real-collector.ts';
import { begin, enrol } from './wire-agent.ts';

/** Hosts web-0 and web-1, each with five certificates, endpoints and findings. */
export async function smallFleet(t: Parameters<typeof startTestCollector>[0]): Promise<TestCollector> {
  const collector = await startTestCollector(t);
  for (const name of ['web-0', 'web-1']) {
    const wire = await begin(await collector.join(), await enrol(await collector.join(), name), { hostName: name });
    const list = Array.from({ length: 5 }, (_, index) =>
      certificate(`${name} ${index}`, { subjectAltNames: [`shop-${index}.example.test`] }),
    );
    const [first = certificate('')] = list;
    const endpoints = list.map((one, index) =>
      endpoint(one, { id: `shop-${index}`, serverName: `shop-${index}.example.test` }),
    );
    const findings = list.map((_, index) =>
      finding({
        severity: index % 2 === 0 ? 'critical' : 'warning',
        subject: { kind: 'endpoint', id: `shop-${index}` },
      }),
    );
    wire.send(snapshotFrame(snapshot(first, { certificates: list, endpoints, findings })));
    wire.send({ type: 'events', epoch: 'epoch-0001', events: [event(1), event(2), event(3, { kind: 'renewal' })] });
    await wire.next('ack');
  }
  await until('all is kept', async () => (await collector.estate()).endpoints.length === 10);
  return collector;
}

interface Answer {
  items: Record<string, unknown>[];
  next?: string | number;
}

/** Its text is read as it came. */
export async function get(url: string, path: string, headers: Record<string, string> = {}) {
  const response = await fetch(url + path, { headers });
  const text = await response.text();
  return { status: response.status, headers: response.headers, text, json: (): Answer => JSON.parse(text) };
}
