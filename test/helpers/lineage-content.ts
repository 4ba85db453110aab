import { createPrivateKey } from 'node:crypto';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { shopName, type TestHost } from './host.ts';
import { mintChain } from './mint.ts';

const day = 86_400_000;

/** One more root in the file that the host's agent.toml names under extra_roots. */
export function trustRoot({ sandbox }: Pick<TestHost, 'sandbox'>, pem: string): void {
  const roots = join(sandbox.directory, 'pebble-root.pem');
  writeFileSync(roots, pem + readFileSync(roots, 'utf8'));
}

/**
 * Writes a certificate of another CA, trusted here, over the lineage's live version, for the key that is there: as if certbot
 * had got it then. `life` are its two ends in days from now. Nothing is reloaded.
 */
export async function issuedElsewhere(
  host: Pick<TestHost, 'certbot' | 'sandbox'>,
  [from, to]: readonly [number, number],
  { lineage, name } = { lineage: 'shop', name: shopName },
): Promise<void> {
  const { key, archive, keyTarget } = host.certbot.lineage(lineage);
  const version = /(\d+)\.pem$/.exec(keyTarget())?.[1];
  const life = { notBefore: new Date(Date.now() + from * day), notAfter: new Date(Date.now() + to * day) };
  const made = await mintChain({ names: [name], key: createPrivateKey(readFileSync(key)), ...life });
  trustRoot(host, made.root.pem);
  const texts = { cert: made.leaf.pem, chain: made.chain, fullchain: made.fullchain };
  for (const [kind, text] of Object.entries(texts)) writeFileSync(join(archive, `${kind}${version}.pem`), text);
}
