import fs from 'node:fs';
import https from 'node:https';
import type { AddressInfo } from 'node:net';
import type { ExecutionContext } from 'ava';
import type { Config } from '../../agent/config.ts';
import { readCertificate } from '@certherd/x509/certificate';
import { startRenewalInformation } from '../../agent/observe/renewal-information.ts';
import { systemFiles } from '../../agent/system/files.ts';
import { httpsOpener } from '../../agent/system/https.ts';
import { systemState } from '../../agent/system/state.ts';
import { silentLog, testDirectory } from './directory.ts';
import { type Minted, mint, mintChain } from './mint.ts';
import { config, lineage, observed } from './observed.ts';
import { until } from './testbed/until.ts';

const hour = 3_600_000;
const day = 24 * hour;
/** When the clock begins to be held. */
export const begun = Date.parse('2026-11-24T12:00:00Z');

/** A clock whose waits end when the test lets the time pass. */
function heldClock() {
  let now = begun;
  const waits = new Set<{ at: number; task: () => void }>();
  return {
    clock: {
      now: () => now,
      monotonic: () => now - begun,
      after: (ms: number, task: () => void) => {
        const wait = { at: now + Math.max(0, ms), task };
        waits.add(wait);
        return () => void waits.delete(wait);
      },
    },
    waits: () => [...waits].map(({ at }) => at - now),
    jump: (ms: number) => void (now += ms),
    /** Runs what becomes due on the way. */
    pass: (ms: number) => {
      now += ms;
      for (const wait of [...waits].filter(({ at }) => at <= now)) {
        waits.delete(wait);
        wait.task();
      }
    },
  };
}

/** What the CA gives for a certID; status 200 unless it says otherwise, and JSON of `body` unless that is a text. */
export interface Reply {
  status?: number;
  retryAfter?: string;
  body?: unknown;
}

export const windowFrom = (start: number, end: number, retryAfter = '3600'): Reply => ({
  retryAfter,
  body: { suggestedWindow: { start: new Date(start).toISOString(), end: new Date(end).toISOString() } },
});

/** A CA on a real socket: a directory at /dir, and `answer` for each certID. */
export async function startCa(t: ExecutionContext, answer: (certId: string) => Reply) {
  const { leaf, fullchain, root } = await mintChain({ names: ['localhost'] });
  const asked: string[] = [];
  const ca = { asked, rootPem: root.pem, answer, directory: {} as object, address: '' };
  const server = https.createServer({ key: leaf.keyPem, cert: fullchain }, (request, response) => {
    const path = request.url ?? '';
    asked.push(path);
    const { status = 200, retryAfter, body } = path === '/dir' ? { body: ca.directory } : ca.answer(path.slice(5));
    response.writeHead(status, retryAfter === undefined ? {} : { 'retry-after': retryAfter });
    response.end(typeof body === 'string' ? body : JSON.stringify(body ?? {}));
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  t.teardown(() => {
    server.closeAllConnections();
    server.close();
  });
  const { port } = server.address() as AddressInfo;
  ca.address = `https://localhost:${port}`;
  ca.directory = { newOrder: 'x', renewalInfo: `${ca.address}/ari` };
  return ca;
}
export type Ca = Awaited<ReturnType<typeof startCa>>;

/** A host with one lineage of a young 90-day certificate, and what asks its CA. */
export async function startAsking(
  t: ExecutionContext,
  ca: Ca,
  change: { leaf?: Pick<Minted, 'der' | 'pem'>; certbot?: Partial<Config['certbot']> } = {},
) {
  const directory = testDirectory(t);
  const time = heldClock();
  const notBefore = new Date(begun - 10 * day);
  const issuer = await mint({ authority: true, subject: [['CN', 'Test CA']] });
  const leaf = change.leaf ?? (await mint({ names: ['shop.example.test'], notBefore, issuer }));
  const read = readCertificate(leaf.der);
  if (!read.ok) throw new Error(read.failure.detail);
  const certificatePath = `${directory}/fullchain.pem`;
  fs.writeFileSync(certificatePath, leaf.pem);
  fs.writeFileSync(`${directory}/ca.pem`, ca.rootPem);
  const settings = config('renew');
  const set = { ...settings, certbot: { ...settings.certbot, caBundle: `${directory}/ca.pem`, ...change.certbot } };
  const state = systemState(`${directory}/state`);
  const said: string[] = [];
  let answers = 0;
  let changes = 0;
  const say = (_fields: object, text: string) => void said.push(text);
  const ports = {
    clock: time.clock,
    files: systemFiles(),
    state,
    openHttps: httpsOpener({}),
    bundledRoots: () => [],
    random: () => 0,
    log: { ...silentLog, debug: () => void (answers += 1), warn: say, error: say },
  };
  const start = () => {
    const information = startRenewalInformation(set, ports, () => (changes += 1));
    t.teardown(() => information.stop());
    return information;
  };
  const { fingerprint } = read.value;
  const seen = (acmeDirectory = `${ca.address}/dir`) =>
    observed({
      certificates: [read.value],
      lineages: [lineage({ live: fingerprint, issued: fingerprint, acmeDirectory, certificatePath })],
    });
  /** Lets time pass until the CA's next answer has come. */
  const answered = async (ms: number) => {
    const before = answers;
    time.pass(ms);
    await until('the CA answered', () => answers > before && time.waits().length > 0);
  };
  const stored = () => JSON.parse(fs.readFileSync(`${directory}/state/renewal-information.json`, 'utf8'));
  return {
    start,
    seen,
    answered,
    stored,
    time,
    said,
    fingerprint,
    leaf,
    state,
    set,
    directory,
    changes: () => changes,
  };
}
