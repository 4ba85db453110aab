import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { renewalOf } from '../../agent/decide/renewal-time.ts';
import { observeCertificateFile } from '../../agent/observe/certificate-file.ts';
import { systemFiles } from '../../agent/system/files.ts';
import { shopName, startHost, type TestHost } from '../../test/helpers/host.ts';
import { packagedFiles } from '../../test/helpers/packaged-files.ts';
import { handshake } from '../../test/helpers/testbed/handshake.ts';
import { until } from '../../test/helpers/testbed/until.ts';
import { type Bench, type Goal, median } from './goal.ts';

const rounds = 5;
/** Due after half of it, so that a round takes little time. */
const validitySeconds = 44;

/**
 * Five renewals by the daemon in mode "renew", each from the instant at which it is due until the reload is proved, and between
 * them as many by certbot alone, of a lineage of the same kind that the daemon leaves alone.
 */
export const renew: Bench = async (progress) => {
  progress('renew: building the single binary, as it is shipped');
  const { binary } = await packagedFiles();
  const closing: (() => unknown)[] = [];
  const host = await startHost(
    { teardown: (close: () => unknown) => void closing.push(close) },
    { validitySeconds, binary },
  );
  try {
    await host.certbot.issue('alone', ['alone.example.test'], { keyType: 'ecdsa', webroot: host.nginx.webroot });
    host.setMode('renew', '[lineage."alone"]\nmode = "observe"\n');
    const daemon = host.daemon();
    const whole: number[] = [];
    const alone: number[] = [];
    for (let round = 1; round <= rounds; round += 1) {
      alone.push(await byCertbotAlone(host));
      whole.push(await byTheDaemon(host));
      progress(
        `renew ${round} of ${rounds}: due to proved ${seconds(whole.at(-1))} s, certbot alone ${seconds(alone.at(-1))} s`,
      );
    }
    await daemon.end();
    return goals(whole, alone);
  } finally {
    for (const close of closing) await close();
  }
};

function goals(whole: number[], alone: number[]): Goal[] {
  return [
    {
      what: 'due to renewed, reloaded and proved',
      unit: 'ms',
      ours: median(whole),
      baseline: { what: 'certbot renew alone', value: median(alone) },
      goal: { of: 'ratio', below: 1.25 },
      note: `median of ${rounds}, max ${Math.round(Math.max(...whole))} ms`,
    },
  ];
}

async function byCertbotAlone({ certbot }: TestHost): Promise<number> {
  const began = performance.now();
  const renewed = await certbot.renew('alone');
  if (renewed.exit !== 0) throw new Error(`certbot alone failed: ${renewed.stderr}`);
  return performance.now() - began;
}

/** Waits for the next renewal that the daemon does. The attempt's instant is kept once the reload is proved. */
async function byTheDaemon(host: TestHost): Promise<number> {
  const { certificate, leaf } = host.certbot.lineage('shop');
  const before = leaf();
  const due = Date.parse(renewalOf(firstIn(certificate)).at);
  if (due < Date.now()) throw new Error('it was due before the round began: the machine is too slow for this bench');
  const proved = await until('the daemon renewed and proved', () => provedAfter(host, due), { deadlineMs: 60_000 });
  const served = (await handshake(host.tlsPort, shopName, 'ecdsa')).fingerprint;
  if (served === before || served !== leaf()) throw new Error('what the daemon calls proved is not served');
  return proved - due;
}

function firstIn(file: string) {
  const [leaf] = observeCertificateFile(systemFiles(), file).certificates;
  if (!leaf) throw new Error(`${file} holds no certificate`);
  return leaf;
}

function provedAfter({ sandbox }: TestHost, due: number): number | undefined {
  const memory = JSON.parse(readFileSync(join(sandbox.directory, 'state', 'memory.json'), 'utf8'));
  const attempts: { verb: string; reason: string; at: number }[] = memory.attempts;
  return attempts.find(({ verb, reason, at }) => verb === 'reload' && reason === 'done' && at > due)?.at;
}

function seconds(ms: number | undefined): string {
  return ((ms ?? 0) / 1000).toFixed(2);
}
