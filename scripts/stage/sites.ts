import type { Certbot } from '../../test/helpers/testbed/certbot.ts';
import { handshake } from '../../test/helpers/testbed/handshake.ts';
import { site } from '../../test/helpers/testbed/nginx.ts';

/** One certificate and where it is to be served. */
export interface Exhibit {
  lineage: string;
  identifiers: string[];
  algorithm: 'rsa' | 'ecdsa';
  port: number;
}

export interface Exhibits {
  /** One site with an ECDSA and an RSA certificate. */
  shop: Exhibit;
  shopRsa: Exhibit;
  /** One certificate for four names, none of them a wildcard. */
  api: Exhibit;
  /** A site on a port of its own. */
  portal: Exhibit;
}

export function exhibitsOn(ports: { shared: number; own: number }): Exhibits {
  const shop = ['shop.example.test'];
  const api = ['api.example.test', 'static.example.test', 'media.example.test', 'status.example.test'];
  return {
    shop: { lineage: 'shop.example.test', identifiers: shop, algorithm: 'ecdsa', port: ports.shared },
    shopRsa: { lineage: 'shop.example.test-rsa', identifiers: shop, algorithm: 'rsa', port: ports.shared },
    api: { lineage: 'api.example.test', identifiers: api, algorithm: 'ecdsa', port: ports.shared },
    portal: {
      lineage: 'portal.example.test',
      identifiers: ['portal.example.test'],
      algorithm: 'ecdsa',
      port: ports.own,
    },
  };
}

export function allOf({ shop, shopRsa, api, portal }: Exhibits): Exhibit[] {
  return [shop, shopRsa, api, portal];
}

/** Config of the three sites, by file name. */
export function siteFiles({ shop, shopRsa, api, portal }: Exhibits, certbot: Certbot): Record<string, string> {
  const pair = ({ lineage }: Exhibit) => {
    const { certificate, key } = certbot.lineage(lineage);
    return { certificate, key };
  };
  return {
    shop: site({ serverNames: shop.identifiers, port: shop.port, pairs: [pair(shop), pair(shopRsa)] }),
    api: site({ serverNames: api.identifiers, port: api.port, pairs: [pair(api)] }),
    portal: site({ serverNames: portal.identifiers, port: portal.port, pairs: [pair(portal)] }),
  };
}

/** Endpoints that there are to be proved: each name with each algorithm. */
export function endpointsOf(exhibits: Exhibits): { serverName: string; exhibit: Exhibit }[] {
  return allOf(exhibits).flatMap((exhibit) => exhibit.identifiers.map((serverName) => ({ serverName, exhibit })));
}

/** What a client is shown for an exhibit's first name (or another of its names). */
export async function servedFor(exhibit: Exhibit, serverName = exhibit.identifiers[0] ?? ''): Promise<string> {
  return (await handshake(exhibit.port, serverName, exhibit.algorithm)).fingerprint;
}

export function short(fingerprint: string): string {
  return `${fingerprint.slice(0, 8)}…`;
}
