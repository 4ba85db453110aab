import type { Certificate } from '@certherd/protocol/certificate';
import type { Snapshot } from '@certherd/protocol/snapshot';
import { endpoint, snapshot } from '../../test/collector/helpers/example-snapshot.ts';

/** A host that serves each of these certificates from a lineage and a server block of its own. */
export function exampleHost(certificates: readonly Certificate[]): Snapshot {
  const [first] = certificates;
  if (!first) throw new Error('no certificate');
  const { lineages, deployments, files, ...rest } = snapshot(first);
  const [lineage] = lineages;
  const [deployment] = deployments;
  const [file] = files;
  if (!lineage || !deployment || !file) throw new Error('the example has one of each');
  const named = certificates.map(({ fingerprint }, index) => {
    const name = `shop-${index}.example.test`;
    const path = `/etc/letsencrypt/live/${name}/fullchain.pem`;
    return { fingerprint, name, path, id: `/etc/nginx/sites-enabled/${name}:12:${path}` };
  });
  return {
    ...rest,
    certificates: [...certificates],
    files: named.map(({ fingerprint, path }) => ({ ...file, path, fingerprints: [fingerprint] })),
    lineages: named.map(({ fingerprint, name, path }) => ({
      ...lineage,
      name,
      certificatePath: path,
      issued: fingerprint,
      live: fingerprint,
    })),
    deployments: named.map(({ fingerprint, name, path, id }) => ({
      ...deployment,
      id,
      certificatePath: path,
      lineage: name,
      serverNames: [name],
      configured: fingerprint,
    })),
    endpoints: certificates.map((certificate, index) =>
      endpoint(certificate, {
        id: `${named[index]?.name}@0.0.0.0:443/ecdsa`,
        serverName: named[index]?.name ?? '',
        deployment: named[index]?.id ?? '',
      }),
    ),
  };
}
