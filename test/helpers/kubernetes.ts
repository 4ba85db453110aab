import { readFileSync } from 'node:fs';
import type { StatefulSet } from 'kubernetes-types/apps/v1.js';
import type { ConfigMap, PodSpec } from 'kubernetes-types/core/v1.js';
import { parseAllDocuments } from 'yaml';

/** The documents of a manifest, as they are: nothing of them is checked. Throws where a file is no strict YAML. */
export function manifestOf(path: string): { apiVersion: string; kind: string }[] {
  return parseAllDocuments(readFileSync(path, 'utf8'), { strict: true, uniqueKeys: true }).map((document) => {
    const [fault] = [...document.errors, ...document.warnings];
    if (fault) throw new Error(`${path}: ${fault.message}`);
    return document.toJS() as { apiVersion: string; kind: string };
  });
}

/** The pod of the manifest's one StatefulSet, and the files of its one ConfigMap. */
export function podOf(path: string): { spec: PodSpec; settings: Record<string, string> } {
  const documents = manifestOf(path);
  const set = documents.find(({ kind }) => kind === 'StatefulSet') as StatefulSet | undefined;
  const map = documents.find(({ kind }) => kind === 'ConfigMap') as ConfigMap | undefined;
  if (!set?.spec?.template.spec || !map?.data) throw new Error(`${path}: no StatefulSet with a pod, or no ConfigMap`);
  return { spec: set.spec.template.spec, settings: map.data };
}
