import { type Certbot, certbot } from '../../test/helpers/testbed/certbot.ts';
import type { Child } from '../../test/helpers/testbed/children.ts';
import { type Nginx, startNginx } from '../../test/helpers/testbed/nginx.ts';
import { type Pebble, startPebble } from '../../test/helpers/testbed/pebble.ts';
import type { Sandbox } from '../../test/helpers/testbed/sandbox.ts';
import { until } from '../../test/helpers/testbed/until.ts';
import type { Narrator } from './narrator.ts';
import { type Collector, prepareCollector, startAgent } from './products.ts';
import { allOf, type Exhibit, type Exhibits, exhibitsOn, servedFor, short, siteFiles } from './sites.ts';

/** All the real parts, running. */
export interface Stage {
  sandbox: Sandbox;
  pebble: Pebble;
  /** Its certificates live for `briefSeconds`, so that one comes due while somebody watches. */
  briefPebble: Pebble;
  nginx: Nginx;
  certbot: Certbot;
  exhibits: Exhibits;
  collector: Collector;
  agent: Child;
}

/** Certificates live 6 hours: their renewal time, after half of that, is far outside the demo. */
const lifeSeconds = 6 * 3600;

/** Due after 20 s, over after 40: to issue and deploy takes about 5 s, to renew as long again. */
export const briefSeconds = 40;

/** Starts the CA, nginx, collector and agent, and has certbot issue what the sites need. */
export async function setStage(sandbox: Sandbox, narrator: Narrator): Promise<Stage> {
  const httpPort = await sandbox.port();
  const [pebble, nginx] = await narrator.during(
    'starting pebble and nginx',
    () =>
      Promise.all([
        startPebble(sandbox, { validitySeconds: lifeSeconds, httpPort }),
        startNginx(sandbox, { httpPort }),
      ]),
    ([ca]) => `pebble, a test CA, answers at ${ca.directoryUrl}; nginx is up`,
  );
  const briefPebble = await startPebble(sandbox, {
    validitySeconds: briefSeconds,
    httpPort,
    authority: pebble.authority,
  });
  const client = certbot(sandbox, pebble);
  const exhibits = exhibitsOn({ shared: await sandbox.port(), own: await sandbox.port() });
  for (const exhibit of allOf(exhibits)) {
    await narrator.during(
      `certbot issues ${exhibit.lineage}`,
      () => issue(client, exhibit, nginx.webroot),
      () => `certbot issued ${exhibit.lineage} (${exhibit.algorithm}, ${countOf(exhibit.identifiers.length, 'name')})`,
    );
  }
  await narrator.during(
    'nginx loads the sites',
    () => openSites(nginx, client, exhibits),
    () => `nginx serves three sites on 127.0.0.1:${exhibits.shop.port} and :${exhibits.portal.port}`,
  );
  const collector = await prepareCollector(sandbox);
  await narrator.during(
    'starting the collector',
    () => collector.start(),
    () => `the collector is up: ${collector.webAddress}`,
  );
  const agent = await narrator.during(
    'enrolling the agent',
    async () =>
      startAgent(sandbox, {
        nginx,
        certbot: client,
        pebble,
        roots: [pebble.rootPem, briefPebble.rootPem],
        join: await collector.join(),
      }),
    (child) => `the agent web-1 is enrolled and runs (process ${child.pid})`,
  );
  return { sandbox, pebble, briefPebble, nginx, certbot: client, exhibits, collector, agent };
}

async function issue(client: Certbot, { lineage, identifiers, algorithm }: Exhibit, webroot: string): Promise<void> {
  const issued = await client.issue(lineage, identifiers, { keyType: algorithm, webroot });
  if (issued.exit !== 0) throw new Error(`certbot could not issue ${lineage}: ${issued.stderr}`);
}

async function openSites(nginx: Nginx, client: Certbot, exhibits: Exhibits): Promise<void> {
  for (const [name, content] of Object.entries(siteFiles(exhibits, client))) nginx.writeSite(name, content);
  const reloaded = await nginx.reload();
  if (reloaded.exit !== 0) throw new Error(`nginx refuses the sites: ${reloaded.stderr}`);
  for (const exhibit of allOf(exhibits)) {
    const leaf = client.lineage(exhibit.lineage).leaf();
    await until(`${exhibit.lineage} is served as ${short(leaf)}`, async () => (await servedFor(exhibit)) === leaf);
  }
}

export function countOf(count: number, noun: string): string {
  return `${count} ${noun}${count === 1 ? '' : 's'}`;
}
