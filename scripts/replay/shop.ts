import { lstatSync } from 'node:fs';
import { shopName, type TestHost } from '../../test/helpers/host.ts';
import { handshake } from '../../test/helpers/testbed/handshake.ts';

/** Has certbot renew the shop's lineage, due or not: the fingerprint of its new leaf, and when its last link was set, milliseconds since 1970. */
export async function renewed({ certbot }: Pick<TestHost, 'certbot'>): Promise<{ newest: string; since: number }> {
  const before = certbot.lineage('shop').leaf();
  const ran = await certbot.renew('shop');
  const leaf = certbot.lineage('shop').leaf();
  if (ran.exit !== 0 || leaf === before) throw new Error(`certbot renewed nothing: ${ran.stderr}`);
  return { newest: leaf, since: lstatSync(certbot.lineage('shop').certificate).mtimeMs };
}

/** What clients of the shop, or of another name on its port, are shown: the leaf's fingerprint. */
export async function servedAt({ tlsPort }: TestHost, name = shopName): Promise<string> {
  return (await handshake(tlsPort, name, 'ecdsa')).fingerprint;
}

/** The sentence of a remedy that a person follows, and the command line behind it. */
export function halves(remedy: string): { sentence: string; command: string } {
  const [sentence = '', command = ''] = remedy.split(', then: ');
  return { sentence, command };
}
