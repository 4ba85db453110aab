import { dirname, join } from 'node:path';
import type { Endpoint, Snapshot } from '@certherd/protocol/snapshot';
import { maxDerBytes } from '@certherd/protocol/version';
import { openCertificate } from '@certherd/x509/certificate';
import { readBundle } from '../formats/bundle.ts';
import type { LookPorts } from '../ports.ts';
import { askedAddresses } from './endpoints/asked-addresses.ts';
import { slices } from './slices.ts';

/** Between two handshakes: the servers have customers to serve, and nobody waits for this answer. */
const pauseMs = 100;

/**
 * The DER of some certificates that a snapshot names, by fingerprint, read again from where the snapshot saw them: its files, the newest
 * version in a lineage's archive, and a handshake with an endpoint for what is in no file. Nothing of it is held between looks. What is
 * there no more, or is larger than the wire takes, is left out.
 */
export async function findDer(
  { files, dial, clock }: Pick<LookPorts, 'files' | 'dial' | 'clock'>,
  snapshot: Snapshot,
  wanted: readonly string[],
  timeoutMs: number,
): Promise<Map<string, Uint8Array>> {
  const missing = new Set(wanted);
  const found = new Map<string, Uint8Array>();
  const slice = slices(clock);
  const isMissing = (fingerprint: string | undefined) => fingerprint !== undefined && missing.has(fingerprint);
  const take = (fingerprint: string, der: Uint8Array) => {
    // a copy: the file that it may be part of goes
    if (missing.delete(fingerprint) && der.length <= maxDerBytes) found.set(fingerprint, Uint8Array.from(der));
  };
  const read = async (path: string) => {
    if (slice.isOver()) await slice.next();
    const content = files.read(path);
    if (!content.ok) return;
    const bundle = readBundle(content.value.bytes);
    for (const { certificate, der } of bundle.certificates) take(certificate.fingerprint, der);
    content.value.bytes.fill(0);
  };

  for (const { path, fingerprints } of snapshot.files) if (fingerprints.some(isMissing)) await read(path);
  for (const { issued, issuedVersion, certificatePath } of snapshot.lineages) {
    if (!isMissing(issued) || issuedVersion === undefined) continue;
    const live = files.resolve(certificatePath);
    if (live.ok) await read(join(dirname(live.value), `cert${issuedVersion}.pem`));
  }
  for (const endpoint of snapshot.endpoints) {
    if (missing.size === 0) break;
    if (![endpoint.served, ...endpoint.chain].some(isMissing)) continue;
    const handshake = await dial({ ...placeOf(endpoint, snapshot), timeoutMs });
    for (const sent of handshake.ok ? handshake.value.chain : []) {
      const opened = openCertificate(sent);
      if (opened.ok) take(opened.value.certificate.fingerprint, opened.value.der);
    }
    await new Promise<void>((resolve) => void clock.after(pauseMs, resolve));
  }
  return found;
}

/** Where and how a look asks this endpoint. */
function placeOf(endpoint: Endpoint, { deployments }: Snapshot) {
  const { port, algorithm, startTls, serverName, askedName = serverName } = endpoint;
  const listeners = deployments.find(({ id }) => id === endpoint.deployment)?.listeners ?? [];
  const listener =
    listeners.find((one) => one.address === endpoint.address && one.port === port) ??
    listeners.find((one) => one.port === port);
  const [address = endpoint.address] = endpoint.answeredAt ?? askedAddresses(endpoint, [], () => false).addresses;
  return {
    address,
    port,
    serverName: askedName,
    algorithm,
    proxyProtocol: listener?.proxyProtocol ?? false,
    ...(startTls && { startTls }),
  };
}
