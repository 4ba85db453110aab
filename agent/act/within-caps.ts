import type { Result } from '@certherd/protocol/failure';
import { success } from '@certherd/protocol/failure';
import type { Config } from '../config.ts';
import { capOf, Ledger, type Order, settledLedger, withEnd, withTry } from '../decide/caps.ts';
import { lifetimeMs } from '../decide/renewal-time.ts';
import { checkedJson } from '../formats/checked-json.ts';
import { observeLineages } from '../observe/lineage.ts';
import type { State } from '../ports.ts';
import type { ActPorts, Ended } from './act.ts';
import type { Steps } from './steps.ts';

const fileName = 'renewals.json';
const damagedName = 'renewals.damaged.json';

/** Runs `renew` where this host's own limits allow it (decide/caps.ts). A lineage that is not there is left to `renew` to tell. */
export async function withinCaps(
  lineage: string,
  config: Config,
  ports: ActPorts,
  steps: Steps,
  renew: () => Promise<Ended>,
): Promise<Ended> {
  const order = orderOf(lineage, config, ports);
  return order ? countedOrder(order, ports, steps, renew) : renew();
}

/**
 * Runs what orders a certificate, and counts it. The try is on disk before it begins: whoever is killed over and over must not
 * try over and over. Without a ledger that can be kept nothing is ordered.
 */
export async function countedOrder(
  order: Order,
  ports: ActPorts,
  steps: Steps,
  issue: () => Promise<Ended>,
): Promise<Ended> {
  const now = ports.clock.now();
  const read = await readLedger(ports.state, steps, now);
  if (!read.ok) return unkept(read.failure.detail);
  const ledger = settledLedger(read.value, now);
  const cap = capOf(ledger, order, now);
  const begun = cap ? ledger : withTry(ledger, order, now);
  const kept = write(ports.state, begun);
  if (cap) {
    const detail = `this host's own limit is reached (${cap.detail}): not before ${new Date(cap.retryAt).toISOString()}`;
    return { reason: 'capped', detail, retryAt: cap.retryAt };
  }
  if (!kept.ok) return unkept(kept.failure.detail);
  const ended = await issue();
  // Where this fails, the try stays on disk as one that was killed, which counts in full.
  write(ports.state, withEnd(begun, ended.reason, ended.retryAt));
  return ended;
}

/** Undefined where there is no such lineage. One whose certificate cannot be read is counted by its own name. */
function orderOf(name: string, config: Config, { files }: ActPorts): Order | undefined {
  const { lineages, certificates } = observeLineages(files, config.certbot.configDirectory);
  const lineage = lineages.find((one) => one.name === name);
  if (!lineage) return undefined;
  const leaf = lineage.live ?? lineage.issued;
  const certificate = certificates.find(({ fingerprint }) => fingerprint === leaf);
  return certificate
    ? {
        lineage: name,
        names: certificate.subjectAltNames,
        lifeMs: lifetimeMs(certificate),
        notAfter: Date.parse(certificate.notAfter),
      }
    : { lineage: name, names: [name], lifeMs: Infinity, notAfter: Infinity };
}

/** A damaged ledger is set aside and told; its instant stands for what it held. */
async function readLedger(state: State, steps: Steps, now: number): Promise<Result<Ledger>> {
  const text = state.read(fileName);
  if (!text.ok) return text;
  if (text.value === undefined) return success({ tries: [] });
  const ledger = checkedJson(text.value, Ledger);
  if (ledger) return success(ledger);
  const damaged = text.value;
  await steps.run(
    'read the ledger of renewals',
    () => state.write(damagedName, damaged),
    () => ({ ok: false, detail: `${fileName} was damaged and set aside as ${damagedName}: one renewal may go` }),
  );
  return success({ tries: [], damagedAt: now });
}

function write(state: State, ledger: Ledger): Result<void> {
  return state.write(fileName, `${JSON.stringify(ledger)}\n`);
}

function unkept(detail: string): Ended {
  return { reason: 'internal', detail: `the ledger of renewals cannot be kept, so nothing is renewed: ${detail}` };
}
