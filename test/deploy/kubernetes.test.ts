import { spawnSync } from 'node:child_process';
import { symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import test from 'ava';
import { parseConfig } from '../../collector/config.ts';
import { testDirectory } from '../helpers/directory.ts';
import { manifestOf, podOf } from '../helpers/kubernetes.ts';
import { top } from '../helpers/packaged-files.ts';

const manifest = join(top, 'deploy/kubernetes/collector.yaml');

test('every field of the Kubernetes manifest exists and has its type, by the types that are made from the API', (t) => {
  t.timeout(120_000);
  const documents = manifestOf(manifest);
  t.deepEqual(
    documents.map(({ apiVersion, kind }) => `${apiVersion} ${kind}`),
    ['v1 ConfigMap', 'v1 Service', 'apps/v1 StatefulSet'],
  );
  t.is(faultsOf(testDirectory(t), documents), '');
  // The judge is one: a field that is misspelt deep inside is found.
  const misspelt = JSON.stringify(documents).replace('readOnlyRootFilesystem', 'readOnlyRootFileSystem');
  t.regex(
    faultsOf(testDirectory(t), JSON.parse(misspelt)),
    /'"readOnlyRootFileSystem"' does not exist in type 'SecurityContext'/,
  );
});

test('its settings are the collector’s, its pod is closed, and all names in it lead somewhere', (t) => {
  const { spec, settings } = podOf(manifest);
  t.deepEqual(Object.keys(settings), ['collector.toml']);
  const surroundings = { env: {}, home: '/', isRoot: false };
  t.true(parseConfig(settings['collector.toml'] ?? '', 'collector.toml', undefined, surroundings).ok);
  t.false(spec.automountServiceAccountToken);
  t.like(spec.securityContext, { runAsNonRoot: true, runAsUser: 10001, fsGroupChangePolicy: 'OnRootMismatch' });
  const [container] = spec.containers;
  t.deepEqual(container?.securityContext, {
    allowPrivilegeEscalation: false,
    readOnlyRootFilesystem: true,
    capabilities: { drop: ['ALL'] },
  });
  const set = manifestOf(manifest).find(({ kind }) => kind === 'StatefulSet') as unknown as {
    spec: { replicas: number; serviceName: string; volumeClaimTemplates: { metadata: { name: string } }[] };
  };
  t.is(set.spec.replicas, 1);
  const volumes = [
    ...(spec.volumes ?? []).map(({ name }) => name),
    ...set.spec.volumeClaimTemplates.map(({ metadata }) => metadata.name),
  ];
  t.deepEqual(container?.volumeMounts?.map(({ name }) => name).toSorted(), volumes.toSorted());
});

/** What the TypeScript compiler says of these documents as literals of the API's types, in which no other field may be. */
function faultsOf(directory: string, documents: readonly { apiVersion: string; kind: string }[]): string {
  const literals = documents.map(({ apiVersion, kind }, index) => {
    const module = `kubernetes-types/${apiVersion.includes('/') ? apiVersion : `core/${apiVersion}`}`;
    const text = JSON.stringify(documents[index], null, 1);
    return `export const document${index}: import(${JSON.stringify(module)}).${kind} = ${text};\n`;
  });
  writeFileSync(join(directory, 'manifest.ts'), literals.join(''));
  writeFileSync(join(directory, 'package.json'), '{"type": "module"}');
  symlinkSync(join(top, 'node_modules'), join(directory, 'node_modules'));
  const options = [
    '--noEmit',
    '--strict',
    '--skipLibCheck',
    '--module',
    'esnext',
    '--moduleResolution',
    'bundler',
    '--types',
    '',
  ];
  const compiler = join(top, 'node_modules/.bin/tsc');
  return spawnSync(compiler, [...options, 'manifest.ts'], { cwd: directory, encoding: 'utf8' }).stdout;
}
